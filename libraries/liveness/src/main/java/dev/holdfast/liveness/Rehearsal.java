package dev.holdfast.liveness;

import dev.holdfast.core.Limit;
import dev.holdfast.liveness.RehearsalEvent.Kind;
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
public final class Rehearsal implements Keeper.Stage {

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
  public record Outcome(
      int falseCloses,
      OptionalLong detectionNanos,
      int suspicions,
      int probes,
      boolean fatalStrike) {}

  /** Factory of the keepalive policy of a new connection. */
  interface KeeperFactory {
    Keeper create(Keeper.Stage stage, long nowNanos);
  }

  /** Sees all that happens, after each event. */
  interface Witness {
    /** A witness that ignores all events. */
    Witness NONE = rehearsal -> {};

    void after(Rehearsal rehearsal);
  }

  private static final Duration TWIN_AGAIN = Duration.ofSeconds(5);
  private static final double HELD_CALLS = 0.1;

  @Limit(of = "events in the rehearsal of one connection", then = "the play ends there")
  private static final int MAX_EVENTS = 1_000_000;

  final Scene scene;
  final RehearsalCast cast;
  private final SplittableRandom random;
  private final KeeperFactory keepers;
  private final Witness witness;
  private final PriorityQueue<RehearsalEvent> events = new PriorityQueue<>();
  private long nowNanos;
  private long sequence;
  private int falseCloses;
  private int suspicions;
  private int probes;
  private boolean fatalStrike;

  /** The sending direction of the current connection; replaced at each reconnect. */
  private RehearsedWire there;

  private RehearsedWire back;
  private PingEnforcer enforcer;
  private Keeper keeper;
  private RehearsalAsked asked = new RehearsalAsked(0);
  private long timerNanos;
  private int calls;
  private boolean callWaits;
  private boolean suspect;
  private @Nullable TwinState twin;
  private boolean closed;

  Rehearsal(long seed, Scene scene, KeeperFactory keepers, Witness witness) {
    this.scene = scene;
    this.keepers = keepers;
    this.witness = witness;
    SplittableRandom root = new SplittableRandom(seed);
    cast = new RehearsalCast(root.split(), scene);
    random = root.split();
    there = wire();
    back = wire();
    enforcer = new PingEnforcer(0);
    timerNanos = RehearsedWire.NEVER;
    keeper = keepers.create(this, 0);
  }

  /** Plays with our monitor under these options. */
  public static Outcome holdfast(long seed, Scene scene, LivenessOptions options) {
    return new Rehearsal(
            seed,
            scene,
            (stage, nowNanos) ->
                new MonitorKeeper(
                    stage,
                    new LivenessMonitor(nowNanos, options, scene.role(), true),
                    options,
                    nowNanos),
            Witness.NONE)
        .run();
  }

  /** Plays with gRPC's own keepalive. */
  public static Outcome stock(long seed, Scene scene, Duration time, Duration timeout) {
    return new Rehearsal(
            seed,
            scene,
            (stage, nowNanos) -> new StockKeeper(stage, time, timeout, nowNanos),
            Witness.NONE)
        .run();
  }

  Outcome run() {
    push(Intervals.exponential(random, scene.meanPause()), Kind.EXCHANGE, 0);
    setTimer();
    for (int i = 0; i < MAX_EVENTS && !events.isEmpty(); i++) {
      RehearsalEvent event = events.remove();
      if (event.atNanos() > scene.length().toNanos()) {
        break;
      }
      play(event);
      witness.after(this);
      fatalStrike |= scene.role() == Role.CLIENT && enforcer.isFatal();
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

  private Outcome outcome(OptionalLong detectionNanos) {
    return new Outcome(falseCloses, detectionNanos, suspicions, probes, fatalStrike);
  }

  /** A new connection; what was under way on the old one is lost. */
  private void reconnect() {
    events.clear();
    timerNanos = RehearsedWire.NEVER;
    closed = false;
    suspect = false;
    callWaits = false;
    twin = null;
    calls = 0;
    there = wire();
    back = wire();
    enforcer = new PingEnforcer(nowNanos);
    asked = new RehearsalAsked(nowNanos);
    keeper = keepers.create(this, nowNanos);
    push(nowNanos + Intervals.exponential(random, scene.meanPause()), Kind.EXCHANGE, 0);
  }

  private RehearsedWire wire() {
    RehearsedWire wire =
        new RehearsedWire(random.split(), scene.weather(), cast.stalls, cast.flowEndNanos);
    wire.onHeard(nowNanos);
    return wire;
  }

  @Override
  public void ping() {
    probes++;
    asked.onPing(nowNanos);
    push(there.send(nowNanos), Kind.PING_AT_PEER, nowNanos);
  }

  @Override
  public void nudge() {
    if (there.keepalive(nowNanos)) {
      there.onHeard(nowNanos + scene.weather().roundTrip().toNanos());
    }
  }

  @Override
  public KernelEvidence kernel() {
    return there.evidence(nowNanos);
  }

  @Override
  public void suspect() {
    suspect = true;
    callWaits = false;
    suspicions++;
    if (scene.role() == Role.CLIENT) {
      openTwin();
    }
  }

  @Override
  public void proven() {
    suspect = false;
    twin = null;
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

  @Nullable TwinState twin() {
    return twin;
  }

  /** Our kernel's side of the connection. */
  RehearsedWire kernelSide() {
    return there;
  }

  boolean isFatalStrike() {
    return fatalStrike;
  }

  RehearsalAsked asked() {
    return asked;
  }

  Keeper keeper() {
    return keeper;
  }

  private void play(RehearsalEvent event) {
    if (event.kind() == Kind.TIMER && event.atNanos() != timerNanos) {
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
        timerNanos = RehearsedWire.NEVER;
        keeper.onTimeout(nowNanos);
      }
      case EXCHANGE -> exchange();
      case PING_AT_PEER -> {
        enforcer.onPing(nowNanos, calls > 0);
        push(cast.answersAt(nowNanos), Kind.ANSWER_OF_PEER, event.info());
      }
      case ANSWER_OF_PEER -> push(back.send(nowNanos), Kind.PONG_HERE, event.info());
      case REQUEST_AT_PEER -> push(cast.answersAt(nowNanos + serving()), Kind.MESSAGE_OF_PEER, 1);
      case MESSAGE_OF_PEER -> {
        enforcer.onCallFrame();
        push(back.send(nowNanos), Kind.MESSAGE_HERE, event.info());
      }
      case PONG_HERE -> {
        onRead(false);
        keeper.onPingAnswered(nowNanos, nowNanos - event.info());
      }
      case MESSAGE_HERE -> messageHere(event.info());
      case TWIN_READY, TWIN_LATE, TWIN_AGAIN -> onTwin(event.kind());
    }
  }

  private void exchange() {
    push(nowNanos + Intervals.exponential(random, scene.meanPause()), Kind.EXCHANGE, 0);
    if (scene.role() == Role.SERVER) {
      push(cast.answersAt(nowNanos), Kind.MESSAGE_OF_PEER, 0);
    } else if (!cast.gaps.contains(nowNanos)) {
      callWaits = !keeper.admitsCall(nowNanos) && !suspect;
      if (!suspect && !callWaits && !closed) {
        request();
      }
    }
  }

  private void request() {
    calls++;
    keeper.onCalls(calls);
    write(Kind.REQUEST_AT_PEER);
  }

  private void write(@Nullable Kind arrival) {
    long arrivalNanos = there.send(nowNanos);
    if (arrival != null) {
      push(arrivalNanos, arrival, 0);
    }
    keeper.onWritten(nowNanos);
  }

  /** The time for which the peer works on a request; some calls are held for minutes. */
  private long serving() {
    Duration mean =
        random.nextDouble() < HELD_CALLS ? Duration.ofMinutes(5) : Duration.ofMillis(20);
    return Intervals.exponential(random, mean);
  }

  /** A response ends a call of ours; a message of a client is answered. */
  private void messageHere(long endsCall) {
    onRead(true);
    if (endsCall == 1) {
      calls--;
      keeper.onCalls(calls);
    } else if (!closed) {
      write(null);
    }
  }

  private void onRead(boolean callFrame) {
    there.onHeard(nowNanos);
    asked.onRead(nowNanos);
    keeper.onRead(nowNanos, callFrame);
  }

  private void openTwin() {
    tellTwin(TwinState.CONNECTING);
    long settingsNanos = cast.connectsAt(nowNanos);
    long limitNanos = nowNanos + LivenessOptions.DEFAULT.connectWithin().toNanos();
    boolean ready = settingsNanos <= limitNanos;
    push(Math.min(settingsNanos, limitNanos), ready ? Kind.TWIN_READY : Kind.TWIN_LATE, 0);
  }

  private void onTwin(Kind fate) {
    if (!suspect || closed) {
      return;
    }
    switch (fate) {
      case TWIN_READY -> tellTwin(TwinState.READY);
      case TWIN_LATE -> {
        tellTwin(TwinState.UNREACHABLE);
        push(nowNanos + TWIN_AGAIN.toNanos(), Kind.TWIN_AGAIN, 0);
      }
      default -> openTwin();
    }
  }

  private void tellTwin(TwinState state) {
    twin = state;
    keeper.onTwin(nowNanos, state);
  }

  private void setTimer() {
    long dueNanos = Math.max(keeper.nextDeadlineNanos(), nowNanos);
    boolean asleep = cast.gaps.contains(dueNanos);
    long firesNanos = asleep ? cast.gaps.endAround(dueNanos) + 1 : dueNanos;
    if (firesNanos != timerNanos && firesNanos < RehearsedWire.NEVER && !closed) {
      timerNanos = firesNanos;
      push(timerNanos, Kind.TIMER, 0);
    }
  }

  private void push(long atNanos, Kind kind, long info) {
    if (atNanos < RehearsedWire.NEVER) {
      events.add(new RehearsalEvent(Math.max(atNanos, nowNanos), sequence++, kind, info));
    }
  }
}
