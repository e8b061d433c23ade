package dev.holdfast.grpc.internal.balancer;

import io.grpc.CallOptions;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A picker over a precomputed schedule: one atomic increment and one array access per call, as in
 * round_robin.
 */
public final class SchedulePicker extends SubchannelPicker {
  /** Set on a call that is sent again: where it should not go if there is another place. */
  public static final CallOptions.Key<SocketAddress> AVOIDED =
      CallOptions.Key.create("dev.holdfast.grpc.avoided");

  /**
   * An endpoint in the schedule.
   *
   * @param picker the picker of the endpoint's own pick_first
   * @param addresses the addresses of the endpoint
   */
  record ScheduledEndpoint(SubchannelPicker picker, List<SocketAddress> addresses) {}

  private final ScheduledEndpoint[] schedule;
  private final SubchannelPicker[] pickers;
  private final AtomicInteger next;

  /**
   * @param schedule in picking order; not empty
   * @param start where in it to begin
   */
  SchedulePicker(ScheduledEndpoint[] schedule, int start) {
    this.next = new AtomicInteger(start);
    this.schedule = schedule;
    this.pickers =
        Arrays.stream(schedule).map(ScheduledEndpoint::picker).toArray(SubchannelPicker[]::new);
  }

  @Override
  public PickResult pickSubchannel(PickSubchannelArgs args) {
    int at = (next.getAndIncrement() & Integer.MAX_VALUE) % pickers.length;
    SocketAddress avoided = args.getCallOptions().getOption(AVOIDED);
    return pickers[avoided == null ? at : elsewhere(at, avoided)].pickSubchannel(args);
  }

  /** Whether a call came to this place, for a schedule that began at its beginning. */
  boolean hasPassed(int place) {
    return (next.get() & Integer.MAX_VALUE) > place;
  }

  /** Whether the other would choose the same endpoints in the same order. */
  boolean isSameAs(SchedulePicker other) {
    return Arrays.equals(schedule, other.schedule);
  }

  @Override
  public String toString() {
    return "SchedulePicker{slots=" + schedule.length + "}";
  }

  private int elsewhere(int start, SocketAddress avoided) {
    for (int i = 0; i < schedule.length; i++) {
      int at = (start + i) % schedule.length;
      if (!schedule[at].addresses().contains(avoided)) {
        return at;
      }
    }
    return start;
  }
}
