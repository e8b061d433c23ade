package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;

/**
 * One schedule, made from a seed: clients of both variants at one control plane, over links with
 * delays and little room, while services and subscriptions change, clients reject, reconnect and
 * stop reading, and the control plane is restarted and learns its services one by one.
 */
final class XdsSimulation {
  private static final List<String> SERVICES = List.of("orders", "users", "stock", "mail");
  private static final int ROOM = 2;
  private static final int MAX_REPLIES_PER_EVENT = 400;
  private static final Duration LAST = Duration.ofMinutes(2);

  /** Makes streams; mutants make broken ones. */
  interface Streams {
    default SotwStream sotw() {
      return new SotwStream();
    }

    default DeltaStream delta() {
      return new DeltaStream();
    }
  }

  /** The streams as they are. */
  enum Sound implements Streams {
    SOUND
  }

  /** Rare things that the schedules must reach now and then, or they prove little. */
  enum Marker {
    REJECTED,
    STALE_ANSWER,
    RECONNECTED_WITH_RESOURCES,
    STALLED_FULL,
    ASKED_WHILE_PENDING,
    ANSWERED_WHILE_REFUSED,
    RESUBSCRIBED,
    CALLS_OUTLIVED_THEIR_ROUTE,
    SERVICE_REMOVED
  }

  private final SplittableRandom random;
  private final Streams streams;
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimulatedServices simulatedServices;
  private final List<Line> lines = new ArrayList<>();
  private int repliesSinceEvent;
  final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);

  XdsSimulation(long seed, Streams streams) {
    this.random = new SplittableRandom(seed);
    this.streams = streams;
    this.simulatedServices = new SimulatedServices(random);
  }

  void run() {
    scheduler.execute(this::begin);
    int events = 20 + random.nextInt(40);
    for (int i = 0; i < events; i++) {
      scheduler.execute(this::event);
      repliesSinceEvent = 0;
      scheduler.advance(pause());
    }
    scheduler.execute(this::settle);
    repliesSinceEvent = 0;
    scheduler.advance(LAST);
    XdsSnapshot last = Objects.requireNonNull(simulatedServices.snapshot());
    lines.forEach(line -> line.client.requireConverged(last));
  }

  private void begin() {
    simulatedServices.change("orders", false);
    simulatedServices.change("users", false);
    simulatedServices.hearAll();
    for (boolean delta : new boolean[] {false, true}) {
      for (boolean everything : new boolean[] {false, true}) {
        String name = (delta ? "delta" : "sotw") + (everything ? "-all" : "-some");
        lines.add(new Line(new ModelClient(name, everything, !delta && !everything), delta));
      }
    }
    lines.forEach(Line::connect);
  }

  private Duration pause() {
    return Duration.ofMillis(random.nextInt(3) == 0 ? random.nextInt(5) : random.nextInt(200));
  }

  private void event() {
    Line line = lines.get(random.nextInt(lines.size()));
    String service = SERVICES.get(random.nextInt(SERVICES.size()));
    switch (random.nextInt(15)) {
      case 0, 1 -> simulatedServices.change(service, random.nextInt(4) == 0);
      case 2, 3, 4 -> simulatedServices.move(service, random.nextInt(5) == 0);
      case 5 -> remove(service);
      case 6, 7 -> line.client.want(service);
      case 8 -> line.client.drop(service);
      case 9 -> resubscribe(line, service);
      case 10 -> line.connect();
      case 11 -> line.stall(Duration.ofMillis(random.nextInt(2_000)));
      case 12 -> restart();
      case 13 -> endCalls(line.client);
      default -> simulatedServices.hearAll();
    }
    lines.forEach(Line::pump);
  }

  private void remove(String service) {
    if (simulatedServices.exists(ResourceType.LISTENER, service)) {
      mark(Marker.SERVICE_REMOVED);
    }
    simulatedServices.remove(service);
  }

  private void endCalls(ModelClient client) {
    if (client.endCalls()) {
      mark(Marker.CALLS_OUTLIVED_THEIR_ROUTE);
    }
  }

  private void resubscribe(Line line, String service) {
    if (line.client.services.contains(service)) {
      mark(Marker.RESUBSCRIBED);
      line.client.drop(service);
      line.client.want(service);
    }
  }

  /** All streams end with it; its clients come back before it knows everything. */
  private void restart() {
    simulatedServices.restart();
    lines.forEach(Line::connect);
    scheduler.schedule(
        Duration.ofMillis(random.nextInt(100)), () -> learn(simulatedServices::hearNames));
    scheduler.schedule(
        Duration.ofMillis(100 + random.nextInt(400)), () -> learn(simulatedServices::hearAll));
  }

  private void learn(Runnable what) {
    what.run();
    lines.forEach(Line::pump);
  }

  private void settle() {
    simulatedServices.repair();
    simulatedServices.hearAll();
    lines.forEach(
        line -> {
          line.stalled = false;
          line.deliver();
          line.pump();
        });
    scheduler.schedule(LAST.dividedBy(2), () -> lines.forEach(line -> line.client.endCalls()));
  }

  private void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  /** A client and its stream, which is another one after each connect. */
  private final class Line {
    final ModelClient client;
    final boolean delta;
    boolean stalled;
    private long epoch;
    private XdsVariantClient xdsVariantClient;
    private WatchedStream stream;
    private final Queue<XdsResponse> arrived = new ArrayDeque<>();
    private int underWay;
    private long lastUpNanos;
    private long lastDownNanos;

    Line(ModelClient client, boolean delta) {
      this.client = client;
      this.delta = delta;
      this.xdsVariantClient = newPeer();
      this.stream = new WatchedStream(xdsVariantClient, simulatedServices);
    }

    private XdsVariantClient newPeer() {
      return delta
          ? new XdsVariantClient.Delta(streams.delta())
          : new XdsVariantClient.Sotw(streams.sotw());
    }

    void connect() {
      long mine = ++epoch;
      xdsVariantClient = newPeer();
      stream = new WatchedStream(xdsVariantClient, simulatedServices);
      arrived.clear();
      underWay = 0;
      stalled = false;
      if (!client.services.isEmpty()) {
        mark(Marker.RECONNECTED_WITH_RESOURCES);
      }
      client.connect(
          clientRequest -> {
            lastUpNanos = later(lastUpNanos);
            at(lastUpNanos, mine, () -> hear(clientRequest));
          });
    }

    private void hear(XdsVariantClient.ClientRequest clientRequest) {
      if (clientRequest.error().isPresent()) {
        mark(Marker.REJECTED);
      }
      if (simulatedServices.isPending(clientRequest.now().names().stream().findAny().orElse(""))) {
        mark(Marker.ASKED_WHILE_PENDING);
      }
      if (stream.isOld(clientRequest)) {
        mark(Marker.STALE_ANSWER);
      }
      stream.hear(clientRequest);
      pump();
    }

    /** Sends while there is room. */
    void pump() {
      XdsSnapshot snapshot = simulatedServices.snapshot();
      while (snapshot != null && underWay < ROOM) {
        Optional<XdsResponse> reply = stream.poll(snapshot);
        if (reply.isEmpty()) {
          return;
        }
        Guarantee.XDS_NOTHING_IN_VAIN.require(
            ++repliesSinceEvent < MAX_REPLIES_PER_EVENT, "replies without end: " + reply.get());
        if (!snapshot.unknownServices().refused().isEmpty()) {
          mark(Marker.ANSWERED_WHILE_REFUSED);
        }
        underWay++;
        lastDownNanos = later(lastDownNanos);
        at(lastDownNanos, epoch, () -> arrive(reply.get()));
      }
      if (stalled && underWay >= ROOM) {
        mark(Marker.STALLED_FULL);
      }
    }

    private void arrive(XdsResponse reply) {
      arrived.add(reply);
      deliver();
    }

    void stall(Duration by) {
      stalled = true;
      long mine = epoch;
      scheduler.schedule(
          by,
          () -> {
            if (mine == epoch) {
              stalled = false;
              deliver();
            }
          });
    }

    void deliver() {
      while (!stalled && !arrived.isEmpty()) {
        XdsResponse reply = arrived.remove();
        underWay--;
        client.onReply(reply, xdsVariantClient.isAbsenceDeletion(reply.type()));
        pump();
      }
    }

    private long later(long after) {
      long now = scheduler.clock().nanoTime();
      long least = after - now > 0 ? after : now;
      return least + Duration.ofMillis(random.nextInt(30)).toNanos();
    }

    private void at(long nanos, long mine, Runnable action) {
      scheduler.schedule(
          Duration.ofNanos(nanos - scheduler.clock().nanoTime()),
          () -> {
            if (mine == epoch) {
              action.run();
            }
          });
    }
  }
}
