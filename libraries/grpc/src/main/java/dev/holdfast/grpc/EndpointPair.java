package dev.holdfast.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Limit;
import dev.holdfast.liveness.TwinState;
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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subchannel with a racing twin: the connection in use and, while that one is suspect, a second
 * connection to the same endpoint. A policy sees the pair as one subchannel.
 *
 * <pre>
 * SETTLED   --suspect-->        SUSPECTED
 * SUSPECTED --its turn-->       RACING
 * RACING    --twin ready-->     SETTLED    the twin is the connection in use now
 * RACING    --twin failed-->    HOLDING
 * HOLDING   --next turn-->      RACING
 * SUSPECTED, RACING, HOLDING --it spoke-->  SETTLED  the twin is dropped
 * SUSPECTED, RACING, HOLDING --it ended-->  SETTLED  with the twin, if there is one
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
final class EndpointPair extends ForwardingSubchannel {
  /**
   * The timeout of calls that wait for a suspect endpoint, as long as a stock connection attempt.
   * The calls fail after it.
   */
  @Limit(
      of = "time that calls wait for an endpoint whose connection is suspect",
      then = "the endpoint counts as failed until one of its connections proves itself")
  static final Duration PATIENCE = Duration.ofSeconds(20);

  enum State {
    /** The pair has a single connection; the policy sees its state. */
    SETTLED,
    /** The connection is silent and its twin waits for its turn. */
    SUSPECTED,
    /** The connection is silent and its twin opens. */
    RACING,
    /** The connection is silent, its twin could not connect, and the next one waits its pause. */
    HOLDING,
    /** Shut down by the policy. */
    CLOSED
  }

  private static final Logger log = LoggerFactory.getLogger(EndpointPair.class);

  private final Helper helper;
  private final CreateSubchannelArgs template;
  private final ChannelPairing pairing;
  private final Verification verification;
  private final Leg.Listener legs = new LegEvents();
  private final TwinTurns turns;
  private final ProofOfLife proof;
  private final Alarm patience;
  private List<EquivalentAddressGroup> addresses;
  private volatile Leg current;
  private @Nullable Leg twin;
  private @Nullable SubchannelStateListener policy;
  private volatile ConnectivityStateInfo shown = ConnectivityStateInfo.forNonError(IDLE);
  private State state = State.SETTLED;
  private CloseReason why = CloseReason.PROOF_MISSED;

  EndpointPair(
      Helper helper, CreateSubchannelArgs args, ChannelPairing pairing, Verification verification) {
    this.helper = helper;
    this.pairing = pairing;
    this.verification = verification;
    this.addresses = args.getAddresses();
    this.template = verification.marked(args, this);
    this.proof = new ProofOfLife(helper);
    this.patience = new Alarm(helper);
    this.turns = new TwinTurns(helper, pairing, this::openTwin);
    this.current = newLeg(addresses);
  }

  /** The connection in use: whatever grpc asks of the endpoint, it answers. */
  @Override
  protected Subchannel delegate() {
    return current.subchannel();
  }

  @Override
  public void start(SubchannelStateListener listener) {
    policy = listener;
    verification.add(this);
    current.start();
  }

  @Override
  public void shutdown() {
    if (state == State.CLOSED) {
      current.subchannel().shutdown();
      return;
    }
    endRace();
    state = State.CLOSED;
    verification.remove(this);
    current.subchannel().shutdown();
  }

  /** The addresses as the policy gave them, without the attributes of the legs. */
  @Override
  public List<EquivalentAddressGroup> getAllAddresses() {
    return addresses;
  }

  @Override
  public void updateAddresses(List<EquivalentAddressGroup> groups) {
    addresses = groups;
    Leg racing = twin;
    current.updateAddresses(groups);
    if (racing != null && racing == twin) {
      racing.updateAddresses(pinned());
    }
  }

  State state() {
    return state;
  }

  /** Whether a call should wait for proof that the connection in use lives. Any thread. */
  boolean isStale(long nowNanos) {
    WatchedConnection connection = current.connection();
    return connection != null && connection.isStale(nowNanos);
  }

  /** The connection in use. Any thread. */
  Leg leg() {
    return current;
  }

  /** Whether the policy sees it as this. Any thread. */
  boolean isShown(ConnectivityState wanted) {
    return shown.getState() == wanted;
  }

  ProofOfLife proof() {
    return proof;
  }

  /**
   * Asks a connection that was quiet for too long to show that it lives; when it is late it is
   * raced.
   */
  void prove() {
    Leg asked = current;
    WatchedConnection connection = asked.connection();
    if (state != State.SETTLED || proof.isUnderWay() || connection == null || !isShown(READY)) {
      return;
    }
    GrpcMeter.VERIFICATIONS.counter(pairing.meters(), pairing.service()).increment();
    proof.begin(asked.handshakeNanos(), () -> endProof(asked));
    connection.prove();
  }

  private void endProof(Leg asked) {
    if (asked == current && state == State.SETTLED && isShown(READY)) {
      if (isStale(pairing.nanoClock().getAsLong())) {
        suspect(CloseReason.PROOF_MISSED);
      } else {
        verification.onUsable();
      }
    }
  }

  private void suspect(CloseReason reason) {
    if (state != State.SETTLED || !isShown(READY)) {
      return;
    }
    proof.cancel();
    state = State.SUSPECTED;
    why = reason;
    log.debug("event=connection_suspect endpoint={} reason={}", subject(), reason.code());
    patience.set(PATIENCE.toNanos(), this::losePatience);
    // Before its turn comes too: among hundreds it would else be given up while it waits.
    tellCurrent(TwinState.CONNECTING);
    turns.begin(current.hasSpoken());
    show(ConnectivityStateInfo.forNonError(CONNECTING));
  }

  private void openTwin() {
    if (state != State.SUSPECTED && state != State.HOLDING) {
      return;
    }
    state = State.RACING;
    Leg opened = newLeg(pinned());
    twin = opened;
    opened.start();
    opened.subchannel().requestConnection();
  }

  private void onTwin(Leg racing, ConnectivityStateInfo info) {
    switch (info.getState()) {
      case READY -> takeOver(racing);
      case TRANSIENT_FAILURE -> failTwin(racing, info.getStatus());
      // Its address left the list while it connected.
      case IDLE -> racing.subchannel().requestConnection();
      case CONNECTING, SHUTDOWN -> {}
    }
  }

  /** New calls go to the twin; what is on the old connection ends there. */
  private void takeOver(Leg winner) {
    tellCurrent(TwinState.READY);
    count("took_over");
    log.info(
        "event=twin_took_over endpoint={} reason={} handshake_ms={}",
        subject(),
        why.code(),
        TimeUnit.NANOSECONDS.toMillis(winner.handshakeNanos()));
    settleOn(winner);
    if (isShown(READY)) {
      show(ConnectivityStateInfo.forNonError(CONNECTING));
    }
    show(winner.state());
    verification.onUsable();
  }

  private void settleOn(Leg next) {
    Leg old = current;
    twin = null;
    endRace();
    state = State.SETTLED;
    current = next;
    old.subchannel().shutdown();
    next.updateAddresses(addresses);
  }

  private void failTwin(Leg failed, Status status) {
    boolean refused = Refusal.isIn(status);
    twin = null;
    state = State.HOLDING;
    turns.again(failed, refused);
    count(refused ? "refused" : "unreachable");
    tellCurrent(refused ? TwinState.REFUSED : TwinState.UNREACHABLE);
    log.debug("event=twin_failed endpoint={} refused={} cause=\"{}\"", subject(), refused, status);
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
    String cause = status.getDescription() == null ? "" : ": " + status.getDescription();
    show(
        ConnectivityStateInfo.forTransientFailure(
            status.withDescription(why.describe(subject()) + cause)));
  }

  private void onProven() {
    if (state == State.SETTLED) {
      proof.cancel();
    } else if (state != State.CLOSED) {
      count("not_needed");
      log.debug("event=connection_spoke_again endpoint={}", subject());
      tellCurrent(TwinState.DROPPED);
      endRace();
      state = State.SETTLED;
      show(current.state());
    }
    verification.onUsable();
  }

  private void onCurrent(ConnectivityStateInfo info) {
    Leg racing = twin;
    if (state == State.SETTLED || state == State.CLOSED) {
      proof.cancel();
      show(info);
    } else if (racing != null) {
      // The old connection ended by itself: the twin is on its way already.
      count("adopted");
      settleOn(racing);
      if (!isShown(racing.state().getState())) {
        show(racing.state());
      }
    } else {
      endRace();
      state = State.SETTLED;
      show(info);
    }
  }

  /** Drops the twin with everything that waits for it. */
  private void endRace() {
    turns.end();
    proof.cancel();
    patience.cancel();
    Leg dropped = twin;
    twin = null;
    if (dropped != null) {
      dropped.subchannel().shutdown();
    }
  }

  private Leg newLeg(List<EquivalentAddressGroup> groups) {
    return new Leg(helper, template, groups, pairing.nanoClock(), legs);
  }

  /**
   * The address of the twin: that of the connection in use, when the list still has it. Stock
   * pick_first has one subchannel over the whole list.
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

  private void tellCurrent(TwinState of) {
    WatchedConnection connection = current.connection();
    if (connection != null) {
      connection.twin(of);
    }
  }

  private void count(String outcome) {
    GrpcMeter.TWINS.counter(pairing.meters(), pairing.service(), outcome).increment();
  }

  @Override
  public String toString() {
    return "EndpointPair{" + current + (twin == null ? "" : ", twin " + twin) + ", " + state + "}";
  }

  /** A leg that was let go says nothing any more: its events reach no branch here. */
  private final class LegEvents implements Leg.Listener {
    @Override
    public void onState(Leg leg, ConnectivityStateInfo info) {
      if (leg == current) {
        onCurrent(info);
      } else if (leg == twin) {
        onTwin(leg, info);
      }
    }

    @Override
    public void onSuspect(Leg leg, CloseReason reason) {
      if (leg == current) {
        suspect(reason);
      }
    }

    @Override
    public void onProven(Leg leg) {
      if (leg == current) {
        EndpointPair.this.onProven();
      }
    }

    @Override
    public void onClosed(Leg leg, CloseReason reason) {
      if (leg == current) {
        why = reason;
      }
    }
  }
}
