package dev.holdfast.simulation.streams;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.session.StreamSession;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A seeded simulation of sessions under faults: a few clients, two instances, a store, and a
 * network that delays, cuts, stalls and repeats. Every {@link Guarantee} is checked after every
 * step. When the faults are over, every session must come to its end.
 */
public final class StreamSimulation {
  private static final int FAULTS_MILLIS = 60_000;
  static final Duration TTL = Duration.ofSeconds(20);
  static final Duration HANDSHAKE = Duration.ofSeconds(3);

  /** A client without attachment goes on at least so long. */
  static final Duration PATIENCE =
      TTL.plus(SessionOptions.Timing.DEFAULT.backoff().cap()).plus(HANDSHAKE);

  /** With a consumer that pauses: so many cuts take their time. */
  private static final int PAUSE_MILLIS = 6 * 60_000;

  private static final int CUTS_IN_A_PAUSE = 60;

  /** In a deployment whose handlers mark cursors, beside the drains among the other faults. */
  private static final int MOST_DRAINS = 6;

  /** Beside them, instances that ask all their sessions to move while they stay. */
  private static final int MOST_MOVES = 4;

  /** The time for which a call must have been good for a message to have certainly arrived. */
  private static final Duration CALM = Duration.ofSeconds(1);

  private static final Duration HEALING = Duration.ofMinutes(10);
  private static final int KEY_BYTES = 32;
  private static final int MOST_STEP_MILLIS = 200;

  private static final int ACK_EVERY = 3;

  final VirtualTime time = new VirtualTime();
  final SplittableRandom random;
  final SessionRules rules;
  final SessionOptions options;
  private final SplittableRandom deployments;
  private final SplittableRandom threads;
  final SessionTokenIssuer mint = new SessionTokenIssuer(new byte[KEY_BYTES]);
  final StreamTraffic streamTraffic;
  final BufferBudget budget;
  final SimulatedSessionStore store;
  final StreamDeployment streamDeployment;
  final StreamFaultInjector streamFaultInjector;
  final List<SimulatedStreamServer> instances = new ArrayList<>();
  final List<SimulatedStreamClient> clients = new ArrayList<>();
  private final Map<SessionId, SimulatedStreamClient> byId = new HashMap<>();
  final List<SimulatedStreamCall> calls = new ArrayList<>();
  private final Map<StreamCoverage, Integer> reached = new EnumMap<>(StreamCoverage.class);
  private final List<String> trace = new ArrayList<>();
  private final boolean traced;
  private boolean healed;
  long stalledUntilNanos;
  private long roughUntilNanos;
  private long shedUntilNanos;
  private CallClosure shedding = CallClosure.connection();
  int slowMillis = 30;

  private StreamSimulation(long seed, SessionRules rules, boolean traced) {
    this.random = new SplittableRandom(seed);
    this.rules = rules;
    this.store = new SimulatedSessionStore(this);
    this.traced = traced;
    this.streamDeployment = StreamDeployment.of(random, new SplittableRandom(Long.reverse(~seed)));
    this.streamTraffic = StreamTraffic.of(seed);
    this.deployments = new SplittableRandom(Long.reverse(seed) + 1);
    this.threads = new SplittableRandom(Long.reverse(seed) + 3);
    this.budget = new BufferBudget(streamTraffic.budgetBytes());
    this.streamFaultInjector =
        new StreamFaultInjector(this, new SplittableRandom(Long.reverse(seed) + 2));
    SessionOptions.Timing timing =
        SessionOptions.Timing.DEFAULT
            .withTtl(TTL)
            .withHandshake(HANDSHAKE)
            .withHeartbeat(Duration.ofSeconds(1), Duration.ofMillis(2_500), Duration.ofSeconds(8))
            .withRotate(random.nextInt(3) == 0 ? Duration.ofSeconds(10) : Duration.ZERO);
    this.options =
        streamTraffic
            .in(SessionOptions.DEFAULT)
            .withLevel(streamDeployment.level())
            .withFirstMessage(streamDeployment.firstMessage())
            .withAckEvery(ACK_EVERY)
            .withTiming(timing);
  }

  /**
   * Plays the schedule of a seed.
   *
   * @return how often the schedule reached each rare path
   * @throws GuaranteeViolation when a session broke a guarantee
   */
  public static Map<StreamCoverage, Integer> play(long seed, SessionRules rules) {
    StreamSimulation streamSimulation = new StreamSimulation(seed, rules, false);
    streamSimulation.run();
    return streamSimulation.reached;
  }

  /** The same, and what happened in lines, whatever came of it. */
  public static List<String> trace(long seed, SessionRules rules) {
    StreamSimulation streamSimulation = new StreamSimulation(seed, rules, true);
    try {
      streamSimulation.run();
    } catch (GuaranteeViolation | IllegalStateException e) {
      streamSimulation.note(e.toString());
    }
    return streamSimulation.trace;
  }

  private void run() {
    note(streamDeployment.toString());
    for (int i = 0; i < streamDeployment.instances(); i++) {
      instances.add(new SimulatedStreamServer(this, (char) ('a' + i) + ":1"));
      if (streamDeployment.mixed()) {
        instances.get(i).deploy(random.nextBoolean());
      }
    }
    int sessions = 1 + random.nextInt(3);
    for (int i = 0; i < sessions; i++) {
      time.afterMillis(random.nextInt(5_000), this::startClient);
    }
    boolean paused = streamDeployment.pause() != StreamDeployment.PausedSide.NOBODY;
    int count = paused ? random.nextInt(3) : 5 + random.nextInt(25);
    for (int i = 0; i < count; i++) {
      time.afterMillis(random.nextInt(FAULTS_MILLIS), streamFaultInjector::next);
    }
    if (streamDeployment.cursors()) {
      int drains = 1 + deployments.nextInt(MOST_DRAINS);
      for (int i = 0; i < drains; i++) {
        SimulatedStreamServer leaving = instances.get(deployments.nextInt(instances.size()));
        time.afterMillis(
            deployments.nextInt(FAULTS_MILLIS), () -> streamFaultInjector.leave(leaving));
      }
      for (int i = deployments.nextInt(MOST_MOVES + 1); i > 0; i--) {
        SimulatedStreamServer crowded = instances.get(deployments.nextInt(instances.size()));
        time.afterMillis(deployments.nextInt(FAULTS_MILLIS), crowded::move);
      }
    }
    if (paused) {
      for (int i = 0; i < CUTS_IN_A_PAUSE; i++) {
        time.afterMillis(random.nextInt(PAUSE_MILLIS), streamFaultInjector::cutAllCalls);
      }
    }
    time.run(Duration.ofMillis(faultsMillis()), this::check, () -> false);
    heal();
    time.run(HEALING, this::check, this::isAllOver);
    atTheEnd();
  }

  private int faultsMillis() {
    return streamDeployment.pause() == StreamDeployment.PausedSide.NOBODY
        ? FAULTS_MILLIS
        : PAUSE_MILLIS;
  }

  /** The time for which the application of a side has its first message in hand. */
  Duration pause(StreamDeployment.PausedSide side) {
    if (streamDeployment.pause() != side) {
      return Duration.ZERO;
    }
    mark(StreamCoverage.CONSUMER_PAUSED_THROUGH_CUTS);
    return Duration.ofMillis(PAUSE_MILLIS).minus(time.elapsed());
  }

  /** The options of a server that starts, whose acks need not be those of clients. */
  SessionOptions serverOptions() {
    if (deployments.nextInt(3) == 0) {
      return options;
    }
    Duration delay = Duration.ofMillis(1L + deployments.nextInt(200));
    return options
        .withAckEvery(1 + deployments.nextInt(2 * ACK_EVERY))
        .withTiming(options.timing().withAckDelay(delay));
  }

  private void startClient() {
    SessionId id = new SessionId(random.nextLong(), random.nextLong());
    SessionOracle ledger =
        new SessionOracle(
            streamDeployment,
            random.nextInt(streamDeployment.mostMessages()),
            random.nextInt(streamDeployment.mostMessages()));
    SimulatedStreamClient client = new SimulatedStreamClient(this, id, ledger, random.nextLong());
    clients.add(client);
    byId.put(id, client);
    boolean hurried = random.nextInt(12) == 0;
    client.start(
        hurried ? Duration.ofMillis(2_000L + random.nextInt(30_000)) : Duration.ofMinutes(9));
  }

  private void heal() {
    note("heal");
    healed = true;
    stalledUntilNanos = 0;
    shedUntilNanos = 0;
    slowMillis = 30;
    store.setDown(false);
    store.setLoses(0);
    instances.forEach(SimulatedStreamServer::start);
  }

  // The network.

  /** Whether no fault follows any more. */
  boolean isHealed() {
    return healed;
  }

  /** Marks the network as unreliable for this time and a little more. */
  void rough(long millis) {
    roughUntilNanos = Math.max(roughUntilNanos, time.elapsed().plusMillis(millis).toNanos());
  }

  /** Whether a call that is good since then has brought a word across, and the answer back. */
  boolean isCalmSince(long sinceNanos) {
    long fromNanos = Math.max(sinceNanos, roughUntilNanos);
    boolean quick = slowMillis <= StreamFaultInjector.QUICK_MILLIS;
    return quick && time.elapsed().toNanos() - fromNanos >= CALM.toNanos();
  }

  void shed(long millis, CallClosure how) {
    shedUntilNanos = time.elapsed().plusMillis(millis).toNanos();
    shedding = how;
  }

  /**
   * The end of a resuming call that is shed before a server sees it; null when the call goes on.
   */
  @Nullable CallClosure shedding(Hello hello) {
    boolean sheds = time.elapsed().toNanos() < shedUntilNanos && !hello.token().isNone();
    return sheds && random.nextInt(5) > 0 ? shedding : null;
  }

  void open(SimulatedStreamClient client, SessionOutput.StartCall startCall) {
    SimulatedStreamServer instance = instances.get(random.nextInt(instances.size()));
    for (SimulatedStreamServer other : instances) {
      boolean named = other.address.equals(startCall.address());
      boolean better =
          startCall.address().isEmpty() && instance.isDraining() && !other.isDraining();
      if (named || better) {
        instance = other;
      }
    }
    SimulatedStreamCall call = new SimulatedStreamCall(client, instance, startCall);
    startCall.attachment().attach(call);
    calls.removeIf(old -> !old.isOpen());
    calls.add(call);
    call.begin();
    if (!healed && random.nextInt(8) == 0) {
      // Between the first write and the welcome.
      boolean both = random.nextBoolean();
      int afterMillis = random.nextInt(2 * slowMillis);
      time.afterMillis(afterMillis, () -> call.cut(true, both));
      if (random.nextInt(4) == 0) {
        // And the one who may have got it is gone.
        time.afterMillis(
            afterMillis + random.nextInt(500), () -> streamFaultInjector.restart(call.server, 50));
      }
    }
    if (!healed && !streamDeployment.mixed() && random.nextInt(10) == 0) {
      // In memory two instances can't know of each other: nobody may repeat a call elsewhere.
      SimulatedStreamServer other = instances.get(random.nextInt(instances.size()));
      call.haunt(
          streamDeployment.level() == DurabilityLevel.DURABLE ? other : instance,
          random.nextInt(4_000));
    }
  }

  /** When something that is sent now arrives. */
  long arrivalNanos() {
    long delayMillis = 1L + random.nextInt(slowMillis);
    return Math.max(time.elapsed().plusMillis(delayMillis).toNanos(), stalledUntilNanos);
  }

  Stream<SimulatedStreamCall> callsOf(SimulatedStreamServer instance) {
    return List.copyOf(calls).stream().filter(call -> call.server == instance);
  }

  Stream<SimulatedStreamCall> callsOf(SimulatedStreamClient client) {
    return List.copyOf(calls).stream().filter(call -> call.client == client);
  }

  @Nullable StreamAttachment newestOf(SimulatedStreamClient client) {
    return callsOf(client)
        .map(call -> call.clientSide)
        .filter(StreamAttachment::isHandshakeComplete)
        .reduce((first, second) -> second)
        .orElse(null);
  }

  // What must be true.

  void granted(StoreRequest.Claim claim) {
    SimulatedStreamClient client = byId.get(claim.id());
    if (client != null) {
      client.ledger.granted.add(claim.attach());
    }
  }

  void remembered(StoreRequest.Save save) {
    SimulatedStreamClient client = byId.get(save.id());
    if (client != null) {
      client.ledger.onRemembered(save.processed(), save.halfClosed());
    }
  }

  private void check() {
    for (SimulatedStreamClient client : clients) {
      if (!client.crashed) {
        client.ledger.checkClient(client.session.acked());
        client.ledger.onWorld(instances.get(0).startedNanos(), time.elapsed().toNanos());
        // A plain peer knows no credit, and is read as the application wants.
        if (!client.ledger.metPlain) {
          checkBuffers("client", client.session, client.ledger);
        }
      }
    }
    for (SimulatedStreamServer instance : instances) {
      for (SimulatedServerSession simulatedServerSession : instance.simulatedServerSessions()) {
        checkAcked(simulatedServerSession);
        checkBuffers("server", simulatedServerSession.session, simulatedServerSession.ledger);
      }
      checkBudget(
          instance.address, instance.heldBytes(), instance.simulatedServerSessions().size());
    }
  }

  private void checkAcked(SimulatedServerSession simulatedServerSession) {
    long acked = simulatedServerSession.ackedMessages();
    boolean taken = simulatedServerSession.session.cursor().isPresent();
    // What an owner before has sent came to the client, which may have it in hand.
    if (!simulatedServerSession.session.isHandedOver()
        && !(taken && acked <= simulatedServerSession.offeredBefore())
        && !simulatedServerSession.isUnstarted()) {
      simulatedServerSession.ledger.checkServer(acked);
    }
  }

  private void checkBuffers(String who, StreamSession session, SessionOracle ledger) {
    long unprocessed = session.unprocessedBytes();
    ledger.require(
        unprocessed <= streamTraffic.mostUnprocessedBytes(),
        Guarantee.STREAM_BUFFERS_BOUNDED,
        "the " + who + " has " + unprocessed + " bytes to process");
    long unacked = session.heldBytes() - unprocessed;
    ledger.require(
        unacked <= streamTraffic.mostUnackedBytes(),
        Guarantee.STREAM_BUFFERS_BOUNDED,
        "the " + who + " keeps " + unacked + " bytes");
  }

  private void checkBudget(String who, long heldBytes, int sessions) {
    long most = streamTraffic.budgetBytes() + sessions * streamTraffic.beyondBudgetBytes();
    if (heldBytes > most) {
      throw new GuaranteeViolation(
          Guarantee.STREAM_BUFFERS_BOUNDED, who + " holds " + heldBytes + " bytes of " + most);
    }
  }

  private boolean isAllOver() {
    return clients.stream().allMatch(client -> client.crashed || client.session.isOver())
        && instances.stream().allMatch(instance -> instance.simulatedServerSessions().isEmpty());
  }

  private void atTheEnd() {
    for (SimulatedStreamClient client : clients) {
      client.ledger.require(
          client.crashed || (client.session.isOver() && client.ledger.clientEnd != null),
          Guarantee.STREAM_GOES_ON,
          client.session.id() + " is " + client.session.state());
    }
    boolean crashed = clients.stream().anyMatch(client -> client.crashed);
    long heldBytes = crashed ? 0 : budget.heldBytes();
    for (SimulatedStreamServer instance : instances) {
      heldBytes += instance.heldBytes();
    }
    if (heldBytes != 0) {
      throw new GuaranteeViolation(
          Guarantee.STREAM_BUFFERS_BOUNDED, heldBytes + " bytes are held for nobody");
    }
    for (SimulatedStreamServer instance : instances) {
      for (SimulatedServerSession simulatedServerSession : instance.simulatedServerSessions()) {
        simulatedServerSession.ledger.require(
            false,
            Guarantee.STREAM_GOES_ON,
            instance.address + " still has " + simulatedServerSession.session.state());
      }
    }
  }

  // What all need.

  /**
   * The next step of a thread that holds no lock: steps of others come before it, at the same
   * instant or within a fifth of a second.
   */
  void stepLater(Runnable step) {
    time.afterMillis(threads.nextInt(MOST_STEP_MILLIS), step);
  }

  long now() {
    return time.now();
  }

  void mark(StreamCoverage streamCoverage) {
    reached.merge(streamCoverage, 1, Integer::sum);
  }

  void note(String what) {
    if (traced) {
      trace.add(time.elapsed() + " " + what);
    }
  }

  Payload payload(long content) {
    int size = streamTraffic.payloadBytes(content, random);
    return Payload.of(ByteBuffer.allocate(size).putLong(content).array());
  }

  static long contentOf(Payload message) {
    return ByteBuffer.wrap(message.toByteArray()).getLong();
  }
}
