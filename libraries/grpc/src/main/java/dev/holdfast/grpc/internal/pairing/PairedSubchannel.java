package dev.holdfast.grpc.internal.pairing;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import dev.holdfast.liveness.ReplacementState;
import dev.holdfast.liveness.WatchedConnection;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelStateListener;
import io.grpc.Status;
import io.grpc.util.ForwardingSubchannel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subchannel with a racing replacement: the connection in use and, while that one is suspect, a
 * second connection to the same endpoint. A policy sees the pair as one subchannel.
 *
 * <pre>
 * SETTLED   --suspect-->        SUSPECTED
 * SUSPECTED --its turn-->       RACING
 * RACING    --replacement ready-->     SETTLED    the replacement is the connection in use now
 * RACING    --replacement failed-->    HOLDING
 * HOLDING   --next turn-->      RACING
 * SUSPECTED, RACING, HOLDING --it spoke-->  SETTLED  the replacement is dropped
 * SUSPECTED, RACING, HOLDING --it ended-->  SETTLED  with the replacement, if there is one
 * any       --shutdown-->       CLOSED
 * </pre>
 *
 * <p>The policy sees READY only of a connection that is not suspect. After READY the policy sees
 * CONNECTING, so that health watches and load reports move to the new connection. It never sees
 * IDLE, which would resolve names again. Streams on the old connection stay on it until they end.
 *
 * <p>Confined to the channel's SynchronizationContext, except for {@link #isStale} and the methods
 * that gRPC calls on the chosen subchannel while it starts a call.
 */
public final class PairedSubchannel extends ForwardingSubchannel {
  /**
   * The timeout of calls that wait for a suspect endpoint, as long as a stock connection attempt.
   * The calls fail after it.
   */
  @Limit(
      of = "time that calls wait for an endpoint whose connection is suspect",
      then = "the endpoint counts as failed until one of its connections proves itself")
  static final Duration SUSPECT_TIMEOUT = Duration.ofSeconds(20);

  enum RaceState {
    /** The pair has a single connection; the policy sees its state. */
    SETTLED,
    /** The connection is silent and its replacement waits for its turn. */
    SUSPECTED,
    /** The connection is silent and its replacement opens. */
    RACING,
    /**
     * The connection is silent, its replacement could not connect, and the next one waits its
     * pause.
     */
    HOLDING,
    /** Shut down by the policy. */
    CLOSED
  }

  private static final Logger log = LoggerFactory.getLogger(PairedSubchannel.class);

  private final Helper helper;
  private final CreateSubchannelArgs template;
  private final PairingContext pairing;
  private final LivenessCheck livenessCheck;
  private final PairMember.PairMemberListener memberListener = new MemberEvents();
  private final ReplacementAttempts turns;
  private final LivenessCheckDeadline proof;
  private final SyncContextTimer patience;
  private volatile List<EquivalentAddressGroup> addresses;
  private volatile PairMember current;
  private @Nullable PairMember replacement;
  private @Nullable SubchannelStateListener policy;
  private volatile ConnectivityStateInfo shown = ConnectivityStateInfo.forNonError(IDLE);
  private RaceState state = RaceState.SETTLED;
  private CloseReason why = CloseReason.PROOF_MISSED;

  public PairedSubchannel(
      Helper helper,
      CreateSubchannelArgs args,
      PairingContext pairing,
      LivenessCheck livenessCheck) {
    this.helper = helper;
    this.pairing = pairing;
    this.livenessCheck = livenessCheck;
    this.addresses = args.getAddresses();
    this.template = livenessCheck.marked(args, this);
    this.proof = new LivenessCheckDeadline(helper);
    this.patience = new SyncContextTimer(helper);
    this.turns = new ReplacementAttempts(helper, pairing, this::openReplacement);
    this.current = newMember(addresses);
  }

  /** The connection in use: whatever grpc asks of the endpoint, it answers. */
  @Override
  protected Subchannel delegate() {
    return current.subchannel();
  }

  @Override
  public void start(SubchannelStateListener listener) {
    policy = listener;
    livenessCheck.add(this);
    current.start();
  }

  @Override
  public void shutdown() {
    if (state == RaceState.CLOSED) {
      current.subchannel().shutdown();
      return;
    }
    endRace();
    state = RaceState.CLOSED;
    livenessCheck.remove(this);
    current.subchannel().shutdown();
  }

  /** The addresses as the policy gave them, without the attributes of the members. */
  @Override
  public List<EquivalentAddressGroup> getAllAddresses() {
    return addresses;
  }

  @Override
  public void updateAddresses(List<EquivalentAddressGroup> groups) {
    addresses = groups;
    PairMember racing = replacement;
    current.updateAddresses(groups);
    if (racing != null && racing == replacement) {
      racing.updateAddresses(pinned());
    }
  }

  RaceState state() {
    return state;
  }

  /** Whether a call should wait for proof that the connection in use lives. Any thread. */
  boolean isStale(long nowNanos) {
    WatchedConnection connection = current.connection();
    return connection != null && connection.isStale(nowNanos);
  }

  /** The connection in use. Any thread. */
  PairMember pairMember() {
    return current;
  }

  /** Whether the policy sees it as this. Any thread. */
  boolean isShown(ConnectivityState wanted) {
    return shown.getState() == wanted;
  }

  LivenessCheckDeadline proof() {
    return proof;
  }

  /**
   * Asks a connection that was quiet for too long to show that it lives; when it is late it is
   * raced.
   */
  void checkLiveness() {
    PairMember asked = current;
    WatchedConnection connection = asked.connection();
    if (state != RaceState.SETTLED || proof.isUnderWay() || connection == null || !isShown(READY)) {
      return;
    }
    GrpcMeter.LIVENESS_CHECKS.counter(pairing.meters(), pairing.service()).increment();
    proof.begin(asked.handshakeNanos(), () -> endProof(asked));
    connection.checkLiveness();
  }

  private void endProof(PairMember asked) {
    if (asked == current && state == RaceState.SETTLED && isShown(READY)) {
      if (isStale(pairing.nanoClock().getAsLong())) {
        suspect(CloseReason.PROOF_MISSED);
      } else {
        livenessCheck.onUsable();
      }
    }
  }

  private void suspect(CloseReason reason) {
    if (state != RaceState.SETTLED || !isShown(READY)) {
      return;
    }
    proof.cancel();
    state = RaceState.SUSPECTED;
    why = reason;
    log.debug("event=connection_suspect endpoint={} reason={}", subject(), reason.code());
    patience.set(SUSPECT_TIMEOUT.toNanos(), this::losePatience);
    // Before its turn comes too: among hundreds it would else be given up while it waits.
    tellCurrent(ReplacementState.CONNECTING);
    turns.begin(current.hasReceived());
    show(ConnectivityStateInfo.forNonError(CONNECTING));
  }

  private void openReplacement() {
    if (state != RaceState.SUSPECTED && state != RaceState.HOLDING) {
      return;
    }
    state = RaceState.RACING;
    PairMember opened = newMember(pinned());
    replacement = opened;
    opened.start();
    opened.subchannel().requestConnection();
  }

  private void onReplacement(PairMember racing, ConnectivityStateInfo info) {
    switch (info.getState()) {
      case READY -> takeOver(racing);
      case TRANSIENT_FAILURE -> failReplacement(racing, info.getStatus());
      // Its address left the list while it connected.
      case IDLE -> racing.subchannel().requestConnection();
      case CONNECTING, SHUTDOWN -> {}
    }
  }

  /** New calls go to the replacement; what is on the old connection ends there. */
  private void takeOver(PairMember winner) {
    tellCurrent(ReplacementState.READY);
    count("took_over");
    log.info(
        "event=replacement_took_over endpoint={} reason={} handshake_ms={}",
        subject(),
        why.code(),
        TimeUnit.NANOSECONDS.toMillis(winner.handshakeNanos()));
    settleOn(winner);
    if (isShown(READY)) {
      show(ConnectivityStateInfo.forNonError(CONNECTING));
    }
    show(winner.state());
    livenessCheck.onUsable();
  }

  private void settleOn(PairMember next) {
    PairMember old = current;
    replacement = null;
    endRace();
    state = RaceState.SETTLED;
    current = next;
    old.subchannel().shutdown();
    next.updateAddresses(addresses);
  }

  private void failReplacement(PairMember failed, Status status) {
    boolean refused = RefusedConnection.isIn(status);
    replacement = null;
    state = RaceState.HOLDING;
    turns.again(failed, refused);
    count(refused ? "refused" : "unreachable");
    tellCurrent(refused ? ReplacementState.REFUSED : ReplacementState.UNREACHABLE);
    log.debug(
        "event=replacement_failed endpoint={} refused={} cause=\"{}\"", subject(), refused, status);
    if (refused) {
      // The machine is there and nobody listens: as sure as it gets without a reset.
      showFailure(status);
    }
  }

  private void losePatience() {
    if (isShown(CONNECTING)) {
      showFailure(Status.UNAVAILABLE);
    }
  }

  private void showFailure(Status status) {
    show(
        ConnectivityStateInfo.forTransientFailure(
            status.withDescription(why.describe(subject()) + reason(status))));
  }

  /** Of a failed connection grpc-java says "io exception" and lists its own handlers. */
  private static String reason(Status status) {
    if (status.getCause() instanceof IOException failure) {
      return ": " + IoErrorText.of(failure);
    }
    return status.getDescription() == null ? "" : ": " + status.getDescription();
  }

  private void onProven() {
    if (state == RaceState.SETTLED) {
      proof.cancel();
    } else if (state != RaceState.CLOSED) {
      count("not_needed");
      log.debug("event=connection_recovered endpoint={}", subject());
      tellCurrent(ReplacementState.DROPPED);
      endRace();
      state = RaceState.SETTLED;
      show(current.state());
    }
    livenessCheck.onUsable();
  }

  private void onCurrent(ConnectivityStateInfo info) {
    PairMember racing = replacement;
    if (state == RaceState.SETTLED || state == RaceState.CLOSED) {
      proof.cancel();
      show(info);
    } else if (racing != null) {
      // The old connection ended by itself: the replacement is on its way already.
      count("adopted");
      settleOn(racing);
      if (!isShown(racing.state().getState())) {
        show(racing.state());
      }
    } else {
      endRace();
      state = RaceState.SETTLED;
      show(info);
    }
  }

  /** Drops the replacement with everything that waits for it. */
  private void endRace() {
    turns.end();
    proof.cancel();
    patience.cancel();
    PairMember dropped = replacement;
    replacement = null;
    if (dropped != null) {
      dropped.subchannel().shutdown();
    }
  }

  private PairMember newMember(List<EquivalentAddressGroup> groups) {
    return new PairMember(helper, template, groups, pairing.nanoClock(), memberListener);
  }

  /**
   * The address of the replacement: that of the connection in use, when the list still has it.
   * Stock pick_first has one subchannel over the whole list.
   */
  private List<EquivalentAddressGroup> pinned() {
    return current.pinned(addresses);
  }

  private Object subject() {
    WatchedConnection connection = current.connection();
    return connection == null ? addresses.get(0).getAddresses() : connection.remoteAddress();
  }

  private void show(ConnectivityStateInfo info) {
    shown = info;
    if (policy != null) {
      policy.onSubchannelState(info);
    }
  }

  private void tellCurrent(ReplacementState of) {
    WatchedConnection connection = current.connection();
    if (connection != null) {
      connection.replacement(of);
    }
  }

  private void count(String outcome) {
    GrpcMeter.REPLACEMENTS.counter(pairing.meters(), pairing.service(), outcome).increment();
  }

  @Override
  public String toString() {
    return "PairedSubchannel{"
        + current
        + (replacement == null ? "" : ", replacement " + replacement)
        + ", "
        + state
        + "}";
  }

  /** A member that was let go says nothing any more: its events reach no branch here. */
  private final class MemberEvents implements PairMember.PairMemberListener {
    @Override
    public void onState(PairMember pairMember, ConnectivityStateInfo info) {
      if (pairMember == current) {
        onCurrent(info);
      } else if (pairMember == replacement) {
        onReplacement(pairMember, info);
      }
    }

    @Override
    public void onSuspect(PairMember pairMember, CloseReason reason) {
      if (pairMember == current) {
        suspect(reason);
      }
    }

    @Override
    public void onProven(PairMember pairMember) {
      if (pairMember == current) {
        PairedSubchannel.this.onProven();
      }
    }

    @Override
    public void onClosed(PairMember pairMember, CloseReason reason) {
      if (pairMember == current) {
        why = reason;
      }
    }
  }
}
