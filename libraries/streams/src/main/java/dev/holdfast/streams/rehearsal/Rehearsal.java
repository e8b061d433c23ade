package dev.holdfast.streams.rehearsal;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Level;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.PhysicalEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionOutput;
import dev.holdfast.streams.SessionRules;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StreamAttachment;
import dev.holdfast.streams.StreamSession;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.TokenMint;
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
public final class Rehearsal {
  private static final int FAULTS_MILLIS = 60_000;
  static final Duration TTL = Duration.ofSeconds(20);
  static final Duration HANDSHAKE = Duration.ofSeconds(3);

  /** A client without attachment goes on at least so long. */
  static final Duration PATIENCE =
      TTL.plus(SessionOptions.Timing.DEFAULT.backoff().cap()).plus(HANDSHAKE);

  /** With a consumer that pauses: so many cuts take their time. */
  private static final int PAUSE_MILLIS = 6 * 60_000;

  private static final int CUTS_IN_A_PAUSE = 60;

  /** The time for which a call must have been good for a message to have certainly arrived. */
  private static final Duration CALM = Duration.ofSeconds(1);

  private static final Duration HEALING = Duration.ofMinutes(10);
  private static final int KEY_BYTES = 32;

  private static final int ACK_EVERY = 3;

  final VirtualTime time = new VirtualTime();
  final SplittableRandom random;
  final SessionRules rules;
  final SessionOptions options;
  private final SplittableRandom deployments;
  final TokenMint mint = new TokenMint(new byte[KEY_BYTES]);
  final Traffic traffic;
  final BufferBudget budget;
  final RehearsedStore store;
  final Fleet fleet;
  private final Faults faults;
  final List<RehearsedInstance> instances = new ArrayList<>();
  final List<RehearsedClient> clients = new ArrayList<>();
  private final Map<SessionId, RehearsedClient> byId = new HashMap<>();
  final List<RehearsedCall> calls = new ArrayList<>();
  private final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
  private final List<String> trace = new ArrayList<>();
  private final boolean traced;
  private boolean healed;
  long stalledUntilNanos;
  private long roughUntilNanos;
  private long shedUntilNanos;
  private PhysicalEnd shedding = PhysicalEnd.connection();
  int slowMillis = 30;

  private Rehearsal(long seed, SessionRules rules, boolean traced) {
    this.random = new SplittableRandom(seed);
    this.rules = rules;
    this.store = new RehearsedStore(this);
    this.traced = traced;
    this.fleet = Fleet.of(random);
    this.traffic = Traffic.of(seed);
    this.deployments = new SplittableRandom(Long.reverse(seed) + 1);
    this.budget = new BufferBudget(traffic.budgetBytes());
    this.faults = new Faults(this);
    SessionOptions.Timing timing =
        SessionOptions.Timing.DEFAULT
            .withTtl(TTL)
            .withHandshake(HANDSHAKE)
            .withHeartbeat(Duration.ofSeconds(1), Duration.ofMillis(2_500), Duration.ofSeconds(8))
            .withRotate(random.nextInt(3) == 0 ? Duration.ofSeconds(10) : Duration.ZERO);
    this.options =
        traffic
            .in(SessionOptions.DEFAULT)
            .withLevel(fleet.level())
            .withFirstMessage(fleet.firstMessage())
            .withAckEvery(ACK_EVERY)
            .withTiming(timing);
  }

  /**
   * Plays the schedule of a seed.
   *
   * @return how often the schedule reached each rare path
   * @throws BrokenGuarantee when a session broke a guarantee
   */
  public static Map<Marker, Integer> play(long seed, SessionRules rules) {
    Rehearsal rehearsal = new Rehearsal(seed, rules, false);
    rehearsal.run();
    return rehearsal.reached;
  }

  /** The same, and what happened in lines, whatever came of it. */
  public static List<String> trace(long seed, SessionRules rules) {
    Rehearsal rehearsal = new Rehearsal(seed, rules, true);
    try {
      rehearsal.run();
    } catch (BrokenGuarantee | IllegalStateException e) {
      rehearsal.note(e.toString());
    }
    return rehearsal.trace;
  }

  private void run() {
    note(fleet.toString());
    for (int i = 0; i < fleet.instances(); i++) {
      instances.add(new RehearsedInstance(this, (char) ('a' + i) + ":1"));
      if (fleet.mixed()) {
        instances.get(i).deploy(random.nextBoolean());
      }
    }
    int sessions = 1 + random.nextInt(3);
    for (int i = 0; i < sessions; i++) {
      time.afterMillis(random.nextInt(5_000), this::startClient);
    }
    boolean paused = fleet.pause() != Fleet.Pause.NOBODY;
    int count = paused ? random.nextInt(3) : 5 + random.nextInt(25);
    for (int i = 0; i < count; i++) {
      time.afterMillis(random.nextInt(FAULTS_MILLIS), faults::next);
    }
    if (paused) {
      for (int i = 0; i < CUTS_IN_A_PAUSE; i++) {
        time.afterMillis(random.nextInt(PAUSE_MILLIS), faults::cutAllCalls);
      }
    }
    time.run(Duration.ofMillis(faultsMillis()), this::check, () -> false);
    heal();
    time.run(HEALING, this::check, this::isAllOver);
    atTheEnd();
  }

  private int faultsMillis() {
    return fleet.pause() == Fleet.Pause.NOBODY ? FAULTS_MILLIS : PAUSE_MILLIS;
  }

  /** The time for which the application of a side has its first message in hand. */
  Duration pause(Fleet.Pause side) {
    if (fleet.pause() != side) {
      return Duration.ZERO;
    }
    mark(Marker.CONSUMER_PAUSED_THROUGH_CUTS);
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
    SessionLedger ledger =
        new SessionLedger(
            fleet, random.nextInt(fleet.mostMessages()), random.nextInt(fleet.mostMessages()));
    RehearsedClient client = new RehearsedClient(this, id, ledger, random.nextLong());
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
    instances.forEach(RehearsedInstance::start);
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
    boolean quick = slowMillis <= Faults.QUICK_MILLIS;
    return quick && time.elapsed().toNanos() - fromNanos >= CALM.toNanos();
  }

  void shed(long millis, PhysicalEnd how) {
    shedUntilNanos = time.elapsed().plusMillis(millis).toNanos();
    shedding = how;
  }

  /**
   * The end of a resuming call that is shed before a server sees it; null when the call goes on.
   */
  @Nullable PhysicalEnd shedding(Hello hello) {
    boolean sheds = time.elapsed().toNanos() < shedUntilNanos && !hello.token().isNone();
    return sheds && random.nextInt(5) > 0 ? shedding : null;
  }

  void open(RehearsedClient client, SessionOutput.Open open) {
    RehearsedInstance instance = instances.get(random.nextInt(instances.size()));
    for (RehearsedInstance other : instances) {
      boolean named = other.address.equals(open.address());
      boolean better = open.address().isEmpty() && instance.isDraining() && !other.isDraining();
      if (named || better) {
        instance = other;
      }
    }
    RehearsedCall call = new RehearsedCall(client, instance, open);
    open.attachment().attach(call);
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
        time.afterMillis(afterMillis + random.nextInt(500), () -> faults.restart(call.server, 50));
      }
    }
    if (!healed && !fleet.mixed() && random.nextInt(10) == 0) {
      // In memory two instances can't know of each other: nobody may repeat a call elsewhere.
      RehearsedInstance other = instances.get(random.nextInt(instances.size()));
      call.haunt(fleet.level() == Level.DURABLE ? other : instance, random.nextInt(4_000));
    }
  }

  /** When something that is sent now arrives. */
  long arrivalNanos() {
    long delayMillis = 1L + random.nextInt(slowMillis);
    return Math.max(time.elapsed().plusMillis(delayMillis).toNanos(), stalledUntilNanos);
  }

  Stream<RehearsedCall> callsOf(RehearsedInstance instance) {
    return List.copyOf(calls).stream().filter(call -> call.server == instance);
  }

  Stream<RehearsedCall> callsOf(RehearsedClient client) {
    return List.copyOf(calls).stream().filter(call -> call.client == client);
  }

  @Nullable StreamAttachment newestOf(RehearsedClient client) {
    return callsOf(client)
        .map(call -> call.clientSide)
        .filter(StreamAttachment::isProved)
        .reduce((first, second) -> second)
        .orElse(null);
  }

  // What must be true.

  void granted(StoreRequest.Claim claim) {
    RehearsedClient client = byId.get(claim.id());
    if (client != null) {
      client.ledger.granted.add(claim.attach());
    }
  }

  void remembered(StoreRequest.Save save) {
    RehearsedClient client = byId.get(save.id());
    if (client != null) {
      client.ledger.onRemembered(save.processed(), save.halfClosed());
    }
  }

  private void check() {
    for (RehearsedClient client : clients) {
      if (!client.crashed) {
        client.ledger.checkClient(client.session.acked());
        client.ledger.onWorld(instances.get(0).startedNanos(), time.elapsed().toNanos());
        // A plain peer knows no credit, and is read as the application wants.
        if (!client.ledger.metPlain) {
          checkBuffers("client", client.session, client.ledger);
        }
      }
    }
    for (RehearsedInstance instance : instances) {
      for (Hosting hosting : instance.hostings()) {
        hosting.ledger.checkServer(hosting.session.acked());
        checkBuffers("server", hosting.session, hosting.ledger);
      }
      checkBudget(instance.address, instance.heldBytes(), instance.hostings().size());
    }
  }

  private void checkBuffers(String who, StreamSession session, SessionLedger ledger) {
    long unprocessed = session.unprocessedBytes();
    ledger.require(
        unprocessed <= traffic.mostUnprocessedBytes(),
        Guarantee.STREAM_BUFFERS_BOUNDED,
        "the " + who + " has " + unprocessed + " bytes to process");
    long unacked = session.heldBytes() - unprocessed;
    ledger.require(
        unacked <= traffic.mostUnackedBytes(),
        Guarantee.STREAM_BUFFERS_BOUNDED,
        "the " + who + " keeps " + unacked + " bytes");
  }

  private void checkBudget(String who, long heldBytes, int sessions) {
    long most = traffic.budgetBytes() + sessions * traffic.beyondBudgetBytes();
    if (heldBytes > most) {
      throw new BrokenGuarantee(
          Guarantee.STREAM_BUFFERS_BOUNDED, who + " holds " + heldBytes + " bytes of " + most);
    }
  }

  private boolean isAllOver() {
    return clients.stream().allMatch(client -> client.crashed || client.session.isOver())
        && instances.stream().allMatch(instance -> instance.hostings().isEmpty());
  }

  private void atTheEnd() {
    for (RehearsedClient client : clients) {
      client.ledger.require(
          client.crashed || (client.session.isOver() && client.ledger.clientEnd != null),
          Guarantee.STREAM_GOES_ON,
          client.session.id() + " is " + client.session.state());
    }
    boolean crashed = clients.stream().anyMatch(client -> client.crashed);
    long heldBytes = crashed ? 0 : budget.heldBytes();
    for (RehearsedInstance instance : instances) {
      heldBytes += instance.heldBytes();
    }
    if (heldBytes != 0) {
      throw new BrokenGuarantee(
          Guarantee.STREAM_BUFFERS_BOUNDED, heldBytes + " bytes are held for nobody");
    }
    for (RehearsedInstance instance : instances) {
      for (Hosting hosting : instance.hostings()) {
        hosting.ledger.require(
            false,
            Guarantee.STREAM_GOES_ON,
            instance.address + " still has " + hosting.session.state());
      }
    }
  }

  // What all need.

  long now() {
    return time.now();
  }

  void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  void note(String what) {
    if (traced) {
      trace.add(time.elapsed() + " " + what);
    }
  }

  Payload payload(long content) {
    int size = traffic.payloadBytes(content, random);
    return Payload.of(ByteBuffer.allocate(size).putLong(content).array());
  }

  static long contentOf(Payload message) {
    return ByteBuffer.wrap(message.toByteArray()).getLong();
  }
}
