package dev.holdfast.bench.soak;

import dev.holdfast.bench.process.LocalRedis;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.soak.SoakServer.Kind;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.redis.local.RedisProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The system under the soak test: a fleet of servers for each kind of session, a Redis, and a relay
 * in front of each server. {@link #fault} breaks a real part of it and heals the part before it
 * returns.
 */
final class SoakTopology {
  private static final Duration LEAST = Duration.ofMillis(300);
  private static final Duration KILL_WAIT = Duration.ofSeconds(30);

  /** The faults, each with its longest duration. */
  enum Fault {
    /** All connections through one relay are reset. */
    CUT(Duration.ZERO),
    /** A relay forwards nothing for a while, then goes on. */
    STALL(Duration.ofSeconds(8)),
    /** A relay forwards nothing in one direction, then its connections are reset. */
    HALF_OPEN(Duration.ofSeconds(15)),
    /** A relay delays everything that it forwards. */
    DELAY(Duration.ofSeconds(5)),
    /** A server is unreachable: its connections are reset, new ones too. */
    UNREACHABLE(Duration.ofSeconds(10)),
    /** No server can be reached. */
    OUTAGE(Duration.ofSeconds(10)),
    /** SIGKILL of one server whose sessions are in the store, and its start. */
    KILL(Duration.ZERO),
    /** SIGSTOP of one server, and SIGCONT. */
    STOP(Duration.ofSeconds(8)),
    /** SIGSTOP of Redis, and SIGCONT. */
    STORE_STOP(Duration.ofSeconds(4));

    private final Duration longest;

    Fault(Duration longest) {
      this.longest = longest;
    }

    private Duration length(Random random) {
      long most = Math.max(LEAST.toMillis(), longest.toMillis());
      return Duration.ofMillis(random.nextLong(LEAST.toMillis(), most + 1));
    }
  }

  private final RunResources runResources;
  private final Random random;
  private final RedisProcess redis;
  private final List<SoakNode> nodes = new ArrayList<>();
  private final RollingRestart restarts;

  /**
   * @param serversOfEach the servers of each fleet
   * @param go whether there is a fleet in Go
   * @param maxAge the age at which streams to Java servers move, and the pause between two restarts
   *     of servers in Go
   */
  SoakTopology(
      RunResources runResources, Random random, int serversOfEach, boolean go, Duration maxAge)
      throws Exception {
    this.runResources = runResources;
    this.random = random;
    this.redis = LocalRedis.start(runResources);
    for (int i = 0; i < serversOfEach; i++) {
      add(Kind.DURABLE, maxAge);
      add(Kind.CURSOR, maxAge);
      if (go) {
        add(Kind.GO, maxAge);
      }
    }
    restarts = runResources.own(new RollingRestart(runResources, nodesOf(Kind.GO), maxAge));
  }

  private void add(Kind kind, Duration maxAge) throws Exception {
    TcpRelay relay = runResources.own(TcpRelay.toPort(0));
    SoakServer server =
        SoakServer.start(
            runResources, new SoakServer.Settings(kind, 0, relay.port(), redis.uri(), maxAge));
    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    nodes.add(new SoakNode(kind, relay, server));
  }

  /** The ports of the relays of a fleet, which clients connect to. */
  List<Integer> ports(Kind kind) {
    return nodesOf(kind).stream().map(node -> node.relay().port()).toList();
  }

  /** Breaks something at random and mends it; returns what it was. */
  String fault() throws Exception {
    Fault fault = oneOf(List.of(Fault.values()));
    SoakNode node = fault == Fault.KILL ? oneOf(nodesOf(Kind.DURABLE)) : oneOf(nodes);
    Duration length = fault.length(random);
    TcpRelay relay = node.relay();
    switch (fault) {
      case CUT -> relay.cut();
      case STALL -> {
        relay.stall();
        pause(length);
        relay.heal();
      }
      case HALF_OPEN -> {
        relay.stall(oneOf(List.of(RelayDirection.values())));
        pause(length);
        relay.cut();
        relay.heal();
      }
      case DELAY -> {
        relay.delay(RelayDirection.TO_CLIENT, Duration.ofMillis(random.nextLong(50, 500)));
        pause(length);
        relay.heal();
      }
      case UNREACHABLE -> unreachable(List.of(relay), length);
      case OUTAGE -> unreachable(nodes.stream().map(SoakNode::relay).toList(), length);
      case KILL -> node.replace(node.server().moved(), runResources);
      case STOP -> {
        if (!node.whileItRuns(server -> stop(server.pid(), length))) {
          return "%s of %s %d left out, as it restarts"
              .formatted(fault, node.kind(), nodes.indexOf(node));
        }
      }
      case STORE_STOP -> stop(redis.pid(), length);
    }
    return "%s of %s %d for %d ms"
        .formatted(fault, node.kind(), nodes.indexOf(node), length.toMillis());
  }

  private List<SoakNode> nodesOf(Kind kind) {
    return nodes.stream().filter(node -> node.kind() == kind).toList();
  }

  /** The times that a stream went on at another server of these fleets. */
  long moved(Kind... kinds) throws IOException, InterruptedException {
    long moved = 0;
    for (Kind kind : kinds) {
      for (SoakNode node : nodesOf(kind)) {
        moved += node.moved();
      }
    }
    return moved;
  }

  /** Begins to restart servers in Go. */
  void beginRestarts() {
    restarts.begin();
  }

  /** Waits for the restart that goes on, and returns how many there were. */
  int endRestarts() throws Exception {
    return restarts.end();
  }

  /** Subscriptions end from now on. */
  void finish() throws IOException, InterruptedException {
    for (SoakNode node : nodes) {
      node.server().finish();
    }
  }

  private <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private static void unreachable(List<TcpRelay> relays, Duration length)
      throws InterruptedException {
    relays.forEach(TcpRelay::refuseNew);
    relays.forEach(TcpRelay::cut);
    pause(length);
    relays.forEach(TcpRelay::heal);
  }

  private static void stop(long pid, Duration length) throws IOException, InterruptedException {
    signal("STOP", pid);
    try {
      pause(length);
    } finally {
      signal("CONT", pid);
    }
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + pid).inheritIO().start();
    if (!kill.waitFor(KILL_WAIT.toSeconds(), TimeUnit.SECONDS) || kill.exitValue() != 0) {
      throw new IOException("kill -" + name + " " + pid + " failed");
    }
  }

  private static void pause(Duration length) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(length.toNanos());
  }
}
