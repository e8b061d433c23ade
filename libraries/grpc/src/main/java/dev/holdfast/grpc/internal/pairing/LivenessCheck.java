package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.grpc.internal.version.WaitingPick;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A load balancer helper for verify before use: no call starts on a connection that was idle for
 * longer than its path may keep it.
 *
 * <p>The first pick that meets an idle connection starts probes on all of them, and its call waits,
 * unsent. The first answer (or the first replacement) publishes the picker again, and the waiting
 * calls are picked again. So the first call after a long idle time costs one round trip, with any
 * number of endpoints. While nothing is stale, a pick costs a clock read and a few field reads.
 *
 * <p>Confined to the SynchronizationContext, except for picks.
 */
public final class LivenessCheck {
  /** The attribute of every subchannel that names its pair, however many policies wrap it. */
  static final Attributes.Key<PairedSubchannel> PAIR =
      Attributes.Key.create("dev.holdfast.grpc.pair");

  /** The most picks of one call in search of an endpoint that needs no proof. */
  @Limit(
      of = "endpoints that a call asks its policy for while it meets quiet connections",
      then = "it waits for the first proof")
  static final int MOST_PICKS = 256;

  private static final PickResult PROVING =
      WaitingPick.of("liveness_check", "holdfast: liveness check of an idle connection");

  private final Helper helper;
  private final LongSupplier nanoClock;
  private final InstanceIndex.PolicyInstances instances;
  private final Set<PairedSubchannel> pairs = new LinkedHashSet<>();
  // Whether a pick met a stale connection since the last check of all of them.
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile boolean waiting;
  private volatile int pairCount;
  private ConnectivityState lastState = ConnectivityState.CONNECTING;
  private @Nullable SubchannelPicker lastPicker;

  /**
   * @param helper where pickers go
   * @param known where calls for one instance find it
   */
  public LivenessCheck(Helper helper, LongSupplier nanoClock, InstanceIndex known) {
    this.helper = helper;
    this.nanoClock = nanoClock;
    this.instances = known.in(helper.getSynchronizationContext());
  }

  /** The arguments of both subchannels of a pair. */
  CreateSubchannelArgs marked(CreateSubchannelArgs args, PairedSubchannel pair) {
    return args.toBuilder()
        .setAttributes(args.getAttributes().toBuilder().set(PAIR, pair).build())
        .build();
  }

  void add(PairedSubchannel pair) {
    pairs.add(pair);
    pairCount = pairs.size();
    instances.add(pair);
  }

  void remove(PairedSubchannel pair) {
    pairs.remove(pair);
    pairCount = pairs.size();
    instances.remove(pair);
  }

  /** Publishes the picker of the policy, wrapped with the staleness check. */
  void publish(ConnectivityState state, SubchannelPicker picker) {
    lastState = state;
    lastPicker = picker;
    waiting = false;
    helper.updateBalancingState(state, new VerifyingPicker(picker));
  }

  /** Publishes the picker again for waiting calls, after a connection was proven or replaced. */
  void onUsable() {
    SubchannelPicker picker = lastPicker;
    if (waiting && picker != null) {
      publish(lastState, picker);
    }
  }

  private void proveStale() {
    asked.set(false);
    long nowNanos = nanoClock.getAsLong();
    boolean spokeMeanwhile = false;
    for (PairedSubchannel pair : Set.copyOf(pairs)) {
      if (pair.isStale(nowNanos)) {
        pair.checkLiveness();
      } else {
        spokeMeanwhile |= pair.proof().clearAwaited();
      }
    }
    if (spokeMeanwhile) {
      onUsable();
    }
  }

  private final class VerifyingPicker extends SubchannelPicker {
    private final SubchannelPicker delegate;

    VerifyingPicker(SubchannelPicker delegate) {
      this.delegate = delegate;
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs args) {
      PickResult result = instances.pick(StreamPickOptions.instanceOf(args));
      boolean chosen = result != null;
      if (result == null) {
        result = delegate.pickSubchannel(args);
      }
      PairedSubchannel pair = pairOf(result);
      if (pair == null) {
        return result;
      }
      long nowNanos = nanoClock.getAsLong();
      if (!pair.isStale(nowNanos)) {
        return StreamPickOptions.watched(args, result, pair);
      }
      return chosen ? await(pair) : pickProven(args, pair, nowNanos);
    }

    private PickResult await(PairedSubchannel pair) {
      pair.proof().await();
      waiting = true;
      if (asked.compareAndSet(false, true)) {
        helper.getSynchronizationContext().execute(LivenessCheck.this::proveStale);
      }
      return PROVING;
    }

    private PickResult pickProven(PickSubchannelArgs args, PairedSubchannel first, long nowNanos) {
      var unused = await(first);
      int picks = Math.min(pairCount, MOST_PICKS);
      for (int i = 1; i < picks; i++) {
        PickResult result = delegate.pickSubchannel(args);
        PairedSubchannel pair = pairOf(result);
        if (pair == null) {
          return result;
        }
        if (!pair.isStale(nowNanos)) {
          return StreamPickOptions.watched(args, result, pair);
        }
        pair.proof().await();
      }
      return PROVING;
    }

    @Override
    public String toString() {
      return delegate.toString();
    }
  }

  private static @Nullable PairedSubchannel pairOf(PickResult result) {
    Subchannel subchannel = result.getSubchannel();
    if (subchannel == null || subchannel instanceof PairedSubchannel) {
      return (PairedSubchannel) subchannel;
    }
    return subchannel.getAttributes().get(PAIR);
  }
}
