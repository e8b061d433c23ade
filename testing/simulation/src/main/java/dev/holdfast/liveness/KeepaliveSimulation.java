package dev.holdfast.liveness;

import dev.holdfast.liveness.KeepaliveSimulationEvent.KeepaliveSimulationEventKind;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A seeded simulation of keepalive on one connection over a bad network, in virtual time. It shows
 * how often settings would close a connection whose peer lives, and how long they keep one whose
 * peer is gone.
 *
 * <p>A run is deterministic: the same seed plays the same stalls, stops and end against each
 * keepalive policy. Not thread-safe.
 */
public final class KeepaliveSimulation implements KeepalivePolicy.KeepaliveActions {

  /**
   * The result of one run.
   *
   * @param falseCloses times that this side closed a connection whose peer lived; each time a new
   *     connection is opened and the run goes on
   * @param detectionNanos time from the end of the peer to the close; empty unless both happened
   * @param suspicions times that the connection became suspect
   * @param probes PINGs sent
   * @param fatalStrike whether a gRPC server with default settings would have closed with {@code
   *     too_many_pings}
   */
  public record KeepaliveSimulationResult(
      int falseCloses,
      OptionalLong detectionNanos,
      int suspicions,
      int probes,
      boolean fatalStrike) {}

  /** Factory of the keepalive policy of a new connection. */
  interface KeepalivePolicyFactory {
    KeepalivePolicy create(KeepalivePolicy.KeepaliveActions keepaliveActions, long nowNanos);
  }

  /** Sees all that happens, after each event. */
  interface KeepaliveSimulationObserver {
    /** A witness that ignores all events. */
    KeepaliveSimulationObserver NONE = keepaliveSimulation -> {};

    void after(KeepaliveSimulation keepaliveSimulation);
  }

  private static final Duration REPLACEMENT_AGAIN = Duration.ofSeconds(5);
  private static final double HELD_CALLS = 0.1;

  /** Events in the simulation of one connection; the run ends with the last one. */
  private static final int MAX_EVENTS = 1_000_000;

  final KeepaliveScenario keepaliveScenario;
  final SimulatedFaults cast;
  private final SplittableRandom random;
  private final KeepalivePolicyFactory keepers;
  private final KeepaliveSimulationObserver keepaliveSimulationObserver;
  private final PriorityQueue<KeepaliveSimulationEvent> events = new PriorityQueue<>();
  private long nowNanos;
  private long sequence;
  private int falseCloses;
  private int suspicions;
  private int probes;
  private boolean fatalStrike;

  /** The sending direction of the current connection; replaced at each reconnect. */
  private SimulatedTcpSender there;

  private SimulatedTcpSender back;
  private SimulatedKeepAliveEnforcer enforcer;
  private KeepalivePolicy keepalivePolicy;
  private PingRecord asked = new PingRecord(0);
  private long timerNanos;
  private int calls;
  private boolean callWaits;
  private boolean suspect;
  private @Nullable ReplacementState replacement;
  private boolean closed;

  KeepaliveSimulation(
      long seed,
      KeepaliveScenario keepaliveScenario,
      KeepalivePolicyFactory keepers,
      KeepaliveSimulationObserver keepaliveSimulationObserver) {
    this.keepaliveScenario = keepaliveScenario;
    this.keepers = keepers;
    this.keepaliveSimulationObserver = keepaliveSimulationObserver;
    SplittableRandom root = new SplittableRandom(seed);
    cast = new SimulatedFaults(root.split(), keepaliveScenario);
    random = root.split();
    there = wire();
    back = wire();
    enforcer = new SimulatedKeepAliveEnforcer(0);
    timerNanos = SimulatedTcpSender.NEVER;
    keepalivePolicy = keepers.create(this, 0);
  }

  /** Plays with our monitor under these options. */
  public static KeepaliveSimulationResult holdfast(
      long seed, KeepaliveScenario keepaliveScenario, LivenessOptions options) {
    return new KeepaliveSimulation(
            seed,
            keepaliveScenario,
            (keepaliveActions, nowNanos) ->
                new HoldfastKeepalivePolicy(
                    keepaliveActions,
                    new LivenessMonitor(nowNanos, options, keepaliveScenario.role(), true),
                    options,
                    nowNanos),
            KeepaliveSimulationObserver.NONE)
        .run();
  }

  /** Plays with gRPC's own keepalive. */
  public static KeepaliveSimulationResult stock(
      long seed, KeepaliveScenario keepaliveScenario, Duration time, Duration timeout) {
    return new KeepaliveSimulation(
            seed,
            keepaliveScenario,
            (keepaliveActions, nowNanos) ->
                new GrpcKeepalivePolicy(keepaliveActions, time, timeout, nowNanos),
            KeepaliveSimulationObserver.NONE)
        .run();
  }

  KeepaliveSimulationResult run() {
    push(
        FaultIntervals.exponential(random, keepaliveScenario.meanPause()),
        KeepaliveSimulationEventKind.EXCHANGE,
        0);
    setTimer();
    for (int i = 0; i < MAX_EVENTS && !events.isEmpty(); i++) {
      KeepaliveSimulationEvent event = events.remove();
      if (event.atNanos() > keepaliveScenario.length().toNanos()) {
        break;
      }
      play(event);
      keepaliveSimulationObserver.after(this);
      fatalStrike |= keepaliveScenario.role() == ConnectionRole.CLIENT && enforcer.isFatal();
      if (closed && cast.isGone(nowNanos)) {
        return outcome(OptionalLong.of(nowNanos - cast.endNanos));
      } else if (closed) {
        falseCloses++;
        reconnect();
      }
      setTimer();
    }
    return outcome(OptionalLong.empty());
  }

  private KeepaliveSimulationResult outcome(OptionalLong detectionNanos) {
    return new KeepaliveSimulationResult(
        falseCloses, detectionNanos, suspicions, probes, fatalStrike);
  }

  /** A new connection; what was under way on the old one is lost. */
  private void reconnect() {
    events.clear();
    timerNanos = SimulatedTcpSender.NEVER;
    closed = false;
    suspect = false;
    callWaits = false;
    replacement = null;
    calls = 0;
    there = wire();
    back = wire();
    enforcer = new SimulatedKeepAliveEnforcer(nowNanos);
    asked = new PingRecord(nowNanos);
    keepalivePolicy = keepers.create(this, nowNanos);
    push(
        nowNanos + FaultIntervals.exponential(random, keepaliveScenario.meanPause()),
        KeepaliveSimulationEventKind.EXCHANGE,
        0);
  }

  private SimulatedTcpSender wire() {
    SimulatedTcpSender wire =
        new SimulatedTcpSender(
            random.split(), keepaliveScenario.pathConditions(), cast.stalls, cast.flowEndNanos);
    wire.onHeard(nowNanos);
    return wire;
  }

  @Override
  public void ping() {
    probes++;
    asked.onPing(nowNanos);
    push(there.send(nowNanos), KeepaliveSimulationEventKind.PING_AT_PEER, nowNanos);
  }

  @Override
  public void probeTcpKeepalive() {
    if (there.keepalive(nowNanos)) {
      there.onHeard(nowNanos + keepaliveScenario.pathConditions().roundTrip().toNanos());
    }
  }

  @Override
  public TcpInfo tcpInfo() {
    return there.evidence(nowNanos);
  }

  @Override
  public void suspect() {
    suspect = true;
    callWaits = false;
    suspicions++;
    if (keepaliveScenario.role() == ConnectionRole.CLIENT) {
      openReplacement();
    }
  }

  @Override
  public void proven() {
    suspect = false;
    replacement = null;
    if (callWaits) {
      callWaits = false;
      request();
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  long nowNanos() {
    return nowNanos;
  }

  boolean isClosed() {
    return closed;
  }

  boolean isSuspect() {
    return suspect;
  }

  @Nullable ReplacementState replacement() {
    return replacement;
  }

  /** Our kernel's side of the connection. */
  SimulatedTcpSender kernelSide() {
    return there;
  }

  boolean isFatalStrike() {
    return fatalStrike;
  }

  PingRecord asked() {
    return asked;
  }

  KeepalivePolicy keepalivePolicy() {
    return keepalivePolicy;
  }

  private void play(KeepaliveSimulationEvent event) {
    if (event.kind() == KeepaliveSimulationEventKind.TIMER && event.atNanos() != timerNanos) {
      return;
    }
    if (event.kind().isHere() && cast.gaps.contains(event.atNanos())) {
      // Before or after the timers that were due meanwhile, as it happens.
      long awakeNanos = cast.gaps.endAround(event.atNanos()) + random.nextInt(3);
      push(awakeNanos, event.kind(), event.info());
      return;
    }
    nowNanos = event.atNanos();
    switch (event.kind()) {
      case TIMER -> {
        timerNanos = SimulatedTcpSender.NEVER;
        keepalivePolicy.onTimeout(nowNanos);
      }
      case EXCHANGE -> exchange();
      case PING_AT_PEER -> {
        enforcer.onPing(nowNanos, calls > 0);
        push(cast.answersAt(nowNanos), KeepaliveSimulationEventKind.ANSWER_OF_PEER, event.info());
      }
      case ANSWER_OF_PEER ->
          push(back.send(nowNanos), KeepaliveSimulationEventKind.PONG_HERE, event.info());
      case REQUEST_AT_PEER ->
          push(
              cast.answersAt(nowNanos + serving()),
              KeepaliveSimulationEventKind.MESSAGE_OF_PEER,
              1);
      case MESSAGE_OF_PEER -> {
        enforcer.onCallFrame();
        push(back.send(nowNanos), KeepaliveSimulationEventKind.MESSAGE_HERE, event.info());
      }
      case PONG_HERE -> {
        onRead(false);
        keepalivePolicy.onPingAnswered(nowNanos, nowNanos - event.info());
      }
      case MESSAGE_HERE -> messageHere(event.info());
      case REPLACEMENT_READY, REPLACEMENT_LATE, REPLACEMENT_AGAIN -> onReplacement(event.kind());
    }
  }

  private void exchange() {
    push(
        nowNanos + FaultIntervals.exponential(random, keepaliveScenario.meanPause()),
        KeepaliveSimulationEventKind.EXCHANGE,
        0);
    if (keepaliveScenario.role() == ConnectionRole.SERVER) {
      push(cast.answersAt(nowNanos), KeepaliveSimulationEventKind.MESSAGE_OF_PEER, 0);
    } else if (!cast.gaps.contains(nowNanos)) {
      callWaits = !keepalivePolicy.admitsCall(nowNanos) && !suspect;
      if (!suspect && !callWaits && !closed) {
        request();
      }
    }
  }

  private void request() {
    calls++;
    keepalivePolicy.onCalls(calls);
    write(KeepaliveSimulationEventKind.REQUEST_AT_PEER);
  }

  private void write(@Nullable KeepaliveSimulationEventKind arrival) {
    long arrivalNanos = there.send(nowNanos);
    if (arrival != null) {
      push(arrivalNanos, arrival, 0);
    }
    keepalivePolicy.onWritten(nowNanos);
  }

  /** The time for which the peer works on a request; some calls are held for minutes. */
  private long serving() {
    Duration mean =
        random.nextDouble() < HELD_CALLS ? Duration.ofMinutes(5) : Duration.ofMillis(20);
    return FaultIntervals.exponential(random, mean);
  }

  /** A response ends a call of ours; a message of a client is answered. */
  private void messageHere(long endsCall) {
    onRead(true);
    if (endsCall == 1) {
      calls--;
      keepalivePolicy.onCalls(calls);
    } else if (!closed) {
      write(null);
    }
  }

  private void onRead(boolean callFrame) {
    there.onHeard(nowNanos);
    asked.onRead(nowNanos);
    keepalivePolicy.onRead(nowNanos, callFrame);
  }

  private void openReplacement() {
    tellReplacement(ReplacementState.CONNECTING);
    long settingsNanos = cast.connectsAt(nowNanos);
    long limitNanos = nowNanos + LivenessOptions.DEFAULT.connectWithin().toNanos();
    boolean ready = settingsNanos <= limitNanos;
    push(
        Math.min(settingsNanos, limitNanos),
        ready
            ? KeepaliveSimulationEventKind.REPLACEMENT_READY
            : KeepaliveSimulationEventKind.REPLACEMENT_LATE,
        0);
  }

  private void onReplacement(KeepaliveSimulationEventKind fate) {
    if (!suspect || closed) {
      return;
    }
    switch (fate) {
      case REPLACEMENT_READY -> tellReplacement(ReplacementState.READY);
      case REPLACEMENT_LATE -> {
        tellReplacement(ReplacementState.UNREACHABLE);
        push(
            nowNanos + REPLACEMENT_AGAIN.toNanos(),
            KeepaliveSimulationEventKind.REPLACEMENT_AGAIN,
            0);
      }
      default -> openReplacement();
    }
  }

  private void tellReplacement(ReplacementState state) {
    replacement = state;
    keepalivePolicy.onReplacement(nowNanos, state);
  }

  private void setTimer() {
    long dueNanos = Math.max(keepalivePolicy.nextDeadlineNanos(), nowNanos);
    boolean asleep = cast.gaps.contains(dueNanos);
    long firesNanos = asleep ? cast.gaps.endAround(dueNanos) + 1 : dueNanos;
    if (firesNanos != timerNanos && firesNanos < SimulatedTcpSender.NEVER && !closed) {
      timerNanos = firesNanos;
      push(timerNanos, KeepaliveSimulationEventKind.TIMER, 0);
    }
  }

  private void push(
      long atNanos, KeepaliveSimulationEventKind keepaliveSimulationEventKind, long info) {
    if (atNanos < SimulatedTcpSender.NEVER) {
      events.add(
          new KeepaliveSimulationEvent(
              Math.max(atNanos, nowNanos), sequence++, keepaliveSimulationEventKind, info));
    }
  }
}
