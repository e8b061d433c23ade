package dev.holdfast.grpc.internal.balancer;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.balancing.EndpointShares;
import dev.holdfast.core.balancing.PickSchedule;
import dev.holdfast.grpc.internal.resolver.ResolverAttributes;
import dev.holdfast.grpc.internal.version.WaitingPick;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.Status;
import io.grpc.SynchronizationContext.ScheduledHandle;
import io.grpc.util.MultiChildLoadBalancer;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The policy {@code holdfast}: every endpoint has a connection of its own (grpc's pick_first), and
 * calls are spread by weight, zone and age.
 *
 * <ul>
 *   <li>A new endpoint is connected at once, gets the next call when it is ready, and then grows
 *       into its share. Until it is ready nobody waits for it.
 *   <li>A removed endpoint gets no new call; those under way end in peace.
 *   <li>A READY connection survives errors of the resolver, a new order of the list and even an
 *       empty list: while it works, it serves.
 *   <li>An endpoint that restarted at its old address is a new endpoint: it is connected without
 *       waiting out the backoff of the old one.
 *   <li>Draining endpoints keep their connection in reserve until nothing else is READY.
 * </ul>
 *
 * <p>Everything runs in the channel's SynchronizationContext, except for the picker.
 */
public final class HoldfastLoadBalancer extends MultiChildLoadBalancer {
  private static final long LEAST_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final PickResult CONNECTING_RESULT =
      WaitingPick.of("connecting", "holdfast: connecting to endpoints");

  /**
   * The identity of an endpoint across resolver updates.
   *
   * @param addresses the addresses at which the endpoint listens
   * @param instance the run of the process; "" when the registry does not tell
   */
  private record Key(List<SocketAddress> addresses, String instance) {}

  private final Helper helper;
  private final LongSupplier nanoClock;
  // Where the order of the list begins, so that many clients don't all walk it in step.
  private final int rotation = ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
  private HoldfastLoadBalancerConfig options = HoldfastLoadBalancerConfig.DEFAULT;
  private Map<Key, EquivalentAddressGroup> groups = Map.of();
  private String subject = "";
  private boolean hadEndpoints;
  private boolean emptied;
  private boolean rebuildQueued;
  private @Nullable SchedulePicker published;
  private @Nullable ScheduledHandle rampTimer;

  public HoldfastLoadBalancer(Helper helper, LongSupplier nanoClock) {
    super(helper);
    this.helper = helper;
    this.nanoClock = nanoClock;
  }

  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    Object configured = resolved.getLoadBalancingPolicyConfig();
    options =
        configured instanceof HoldfastLoadBalancerConfig given
            ? given
            : HoldfastLoadBalancerConfig.DEFAULT;
    String resolvedSubject = resolved.getAttributes().get(ResolverAttributes.SUBJECT);
    subject = resolvedSubject == null ? "" : resolvedSubject;
    emptied = resolved.getAddresses().isEmpty();
    if (emptied && getReadyChildren().isEmpty()) {
      super.shutdown();
      groups = Map.of();
      rebuild();
    } else {
      var unused = super.acceptResolvedAddresses(resolved);
      hadEndpoints = true;
      connectIdleChildren();
    }
    // Never an error: grpc would ask the resolver again and again, which knows nothing better.
    return Status.OK;
  }

  @Override
  public void handleNameResolutionError(Status error) {
    if (getChildLbStates().isEmpty()) {
      publish(TRANSIENT_FAILURE, new FixedResultPicker(PickResult.withError(error)));
    }
  }

  @Override
  public void shutdown() {
    if (rampTimer != null) {
      rampTimer.cancel();
    }
    super.shutdown();
  }

  /** A null value keeps a child without telling it anything. */
  @Override
  protected Map<Object, ResolvedAddresses> createChildAddressesMap(ResolvedAddresses resolved) {
    Map<Object, EndpointChild> present = new HashMap<>();
    getChildLbStates().forEach(c -> present.put(c.getKey(), (EndpointChild) c));
    Map<Key, EquivalentAddressGroup> nextGroups = new HashMap<>();
    Map<Object, ResolvedAddresses> children = new LinkedHashMap<>();
    for (EquivalentAddressGroup group : resolved.getAddresses()) {
      Key key = keyOf(group);
      if (nextGroups.putIfAbsent(key, group) == null) {
        EndpointChild child = present.remove(key);
        boolean unchanged = child != null && group.equals(groups.get(key));
        children.put(key, unchanged ? null : childAddresses(resolved, group));
        if (child != null) {
          child.reserve = false;
        }
      }
    }
    // What is left is not in the list any more. A working connection to an endpoint that only
    // drains, or to one of a list that is empty now, is kept, but not restored.
    List<EquivalentAddressGroup> draining =
        resolved.getAttributes().get(ResolverAttributes.DRAINING);
    Set<Key> kept = new HashSet<>();
    if (draining != null) {
      draining.forEach(group -> kept.add(keyOf(group)));
    }
    present.forEach(
        (key, child) -> {
          if (child.getCurrentState() == READY && (emptied || kept.contains(key))) {
            child.reserve = true;
            children.put(key, null);
          }
        });
    groups = nextGroups;
    return children;
  }

  @Override
  protected ChildLbState createChildLbState(Object key) {
    return new EndpointChild((Key) key, hadEndpoints);
  }

  @Override
  protected void updateOverallBalancingState() {
    if (resolvingAddresses) {
      rebuild();
    } else if (!rebuildQueued) {
      // When many children change at once, one rebuild after the last of them is enough.
      rebuildQueued = true;
      helper
          .getSynchronizationContext()
          .execute(
              () -> {
                rebuildQueued = false;
                rebuild();
              });
    }
  }

  private void rebuild() {
    List<EndpointChild> listed = new ArrayList<>();
    List<EndpointChild> reserve = new ArrayList<>();
    boolean ready = false;
    boolean connecting = false;
    for (ChildLbState state : getChildLbStates()) {
      EndpointChild child = (EndpointChild) state;
      ConnectivityState now = child.getCurrentState();
      if (!child.reserve) {
        listed.add(child);
        ready |= now == READY;
        connecting |= now == CONNECTING || now == IDLE;
      } else if (now == READY) {
        reserve.add(child);
      }
    }
    if (ready) {
      publish(READY, scheduled(listed));
    } else if (!reserve.isEmpty()) {
      publish(READY, scheduled(reserve));
    } else if (connecting) {
      publish(CONNECTING, new FixedResultPicker(CONNECTING_RESULT));
    } else if (listed.isEmpty()) {
      Status none = Status.UNAVAILABLE.withDescription(CloseReason.NO_ENDPOINTS.describe(subject));
      publish(TRANSIENT_FAILURE, new FixedResultPicker(PickResult.withError(none)));
    } else {
      publish(TRANSIENT_FAILURE, failing(listed));
    }
  }

  private void publish(ConnectivityState state, SubchannelPicker picker) {
    SchedulePicker schedule = picker instanceof SchedulePicker s ? s : null;
    boolean same =
        state == currentConnectivityState
            && (state == CONNECTING
                || (schedule != null && published != null && schedule.isSameAs(published)));
    if (!same) {
      currentConnectivityState = state;
      published = schedule;
      helper.updateBalancingState(state, picker);
    }
  }

  private SchedulePicker scheduled(List<EndpointChild> children) {
    Collections.rotate(children, rotation % children.size());
    long now = nanoClock.getAsLong();
    List<EndpointShares.Candidate> candidates = new ArrayList<>(children.size());
    boolean[] first = new boolean[children.size()];
    boolean anyFirst = false;
    boolean ramping = false;
    for (int i = 0; i < first.length; i++) {
      EndpointChild child = children.get(i);
      EndpointShares.Candidate candidate = child.candidate(now);
      candidates.add(candidate);
      ramping |= candidate.ready() && candidate.slowStartFactor() < 1;
      child.settleFirstTurn(published);
      first[i] = candidate.ready() && !child.called;
      anyFirst |= first[i];
    }
    if (ramping) {
      scheduleRampStep();
    }
    double[] shares = EndpointShares.of(candidates, !options.zone().isEmpty());
    int[] order = PickSchedule.of(shares, first);
    SchedulePicker.ScheduledEndpoint[] choices = new SchedulePicker.ScheduledEndpoint[order.length];
    for (int i = 0; i < order.length; i++) {
      EndpointChild child = children.get(order[i]);
      choices[i] = child.scheduledEndpoint();
      if (first[order[i]] && child.firstTurn < 0) {
        child.firstTurn = i;
      }
    }
    int start = anyFirst ? 0 : ThreadLocalRandom.current().nextInt(choices.length);
    return new SchedulePicker(choices, start);
  }

  /** Every endpoint's own error in turn, so that a person sees more than the first one's. */
  private static SchedulePicker failing(List<EndpointChild> children) {
    return new SchedulePicker(
        children.stream()
            .map(EndpointChild::scheduledEndpoint)
            .toArray(SchedulePicker.ScheduledEndpoint[]::new),
        0);
  }

  private void scheduleRampStep() {
    if (rampTimer == null || !rampTimer.isPending()) {
      long stepNanos =
          Math.max(
              options.slowStart().toNanos() / EndpointShares.SLOW_START_STEPS, LEAST_STEP_NANOS);
      rampTimer =
          helper
              .getSynchronizationContext()
              .schedule(
                  this::rebuild,
                  stepNanos,
                  TimeUnit.NANOSECONDS,
                  helper.getScheduledExecutorService());
    }
  }

  private void connectIdleChildren() {
    for (ChildLbState child : getChildLbStates()) {
      if (child.getCurrentState() == IDLE && !((EndpointChild) child).reserve) {
        child.getLb().requestConnection();
      }
    }
  }

  private static Key keyOf(EquivalentAddressGroup group) {
    var endpoint = group.getAttributes().get(ResolverAttributes.ENDPOINT);
    return new Key(group.getAddresses(), endpoint == null ? "" : endpoint.instance());
  }

  private static ResolvedAddresses childAddresses(
      ResolvedAddresses resolved, EquivalentAddressGroup group) {
    return resolved.toBuilder()
        .setAddresses(List.of(group))
        .setAttributes(Attributes.newBuilder().set(IS_PETIOLE_POLICY, true).build())
        .setLoadBalancingPolicyConfig(null)
        .build();
  }

  /** The child policy of one endpoint, with its connection. */
  private final class EndpointChild extends ChildLbState {
    private final Key key;
    private final boolean newcomer;
    private boolean reserve;
    // Whether a call came to its first turn, and where that is in the schedule in use; -1 for none.
    private boolean called;
    private int firstTurn = -1;
    private boolean wasReady;
    private long readySinceNanos;
    private SchedulePicker.@Nullable ScheduledEndpoint scheduledEndpoint;

    EndpointChild(Key key, boolean newcomer) {
      super(key, pickFirstLbProvider);
      this.key = key;
      this.newcomer = newcomer;
    }

    EndpointShares.Candidate candidate(long nowNanos) {
      EquivalentAddressGroup group = groups.get(key);
      // The base class has an Endpoint of its own, hence no type here.
      var endpoint = group == null ? null : group.getAttributes().get(ResolverAttributes.ENDPOINT);
      boolean ready = getCurrentState() == READY;
      return new EndpointShares.Candidate(
          endpoint == null ? 1 : endpoint.weight(),
          endpoint != null && endpoint.zone().equals(options.zone()),
          ready,
          wasReady || getCurrentState() == TRANSIENT_FAILURE,
          ramp(nowNanos));
    }

    SchedulePicker.ScheduledEndpoint scheduledEndpoint() {
      if (scheduledEndpoint == null || scheduledEndpoint.picker() != getCurrentPicker()) {
        scheduledEndpoint =
            new SchedulePicker.ScheduledEndpoint(getCurrentPicker(), key.addresses());
      }
      return scheduledEndpoint;
    }

    /** A schedule that was made anew before a call came to the first turn gave none. */
    void settleFirstTurn(@Nullable SchedulePicker inUse) {
      called |= firstTurn >= 0 && inUse != null && inUse.hasPassed(firstTurn);
      firstTurn = -1;
    }

    private double ramp(long nowNanos) {
      return newcomer && wasReady
          ? EndpointShares.slowStartFactor(
              nowNanos - readySinceNanos, options.slowStart().toNanos())
          : 1;
    }

    @Override
    protected ChildLbStateHelper createChildHelper() {
      return new ChildLbStateHelper() {
        @Override
        public void updateBalancingState(ConnectivityState newState, SubchannelPicker newPicker) {
          if (newState == READY && !wasReady) {
            wasReady = true;
            readySinceNanos = nanoClock.getAsLong();
          }
          super.updateBalancingState(newState, newPicker);
          if (!resolvingAddresses && newState == IDLE && !reserve) {
            getLb().requestConnection();
          }
        }
      };
    }
  }
}
