package dev.holdfast.admin;

import dev.holdfast.core.annotation.Limit;
import io.grpc.Status;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The numbers of failed calls of this process by side, service and status, since its admin service
 * began. A call that went well costs one comparison. Thread-safe.
 */
public final class CallFailureCounts {
  @Limit(
      of = "services and statuses by which the admin service counts failed calls",
      then = "calls of further ones count under the service \"\"")
  static final int MAX_COUNTS = 1_000;

  private final Map<Key, LongAdder> counts = new ConcurrentHashMap<>();

  private record Key(boolean server, String service, Status.Code code) {}

  /**
   * The failed calls of one side, service and status.
   *
   * @param server whether this process served them, or else made them
   * @param service that of the channel or the server; "" when it is not known
   */
  record FailedCount(boolean server, String service, Status.Code code, long calls) {
    private static final Comparator<FailedCount> ORDER =
        Comparator.comparing(FailedCount::server)
            .thenComparing(FailedCount::service)
            .thenComparing(FailedCount::code);
  }

  /** Counts a call that ended with this status; OK counts nothing. */
  public void onEnd(boolean server, String service, Status.Code code) {
    if (code == Status.Code.OK) {
      return;
    }
    Key key = new Key(server, service, code);
    LongAdder count = counts.get(key);
    if (count == null) {
      // Two threads may both add the last one: the bound is one of memory, and not exact.
      Key bounded = counts.size() < MAX_COUNTS ? key : new Key(server, "", code);
      count = counts.computeIfAbsent(bounded, unused -> new LongAdder());
    }
    count.increment();
  }

  /** All counts, those of calls that were made first. */
  List<FailedCount> all() {
    return counts.entrySet().stream()
        .map(
            each ->
                new FailedCount(
                    each.getKey().server(),
                    each.getKey().service(),
                    each.getKey().code(),
                    each.getValue().sum()))
        .sorted(FailedCount.ORDER)
        .toList();
  }
}
