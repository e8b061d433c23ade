package dev.holdfast.bench.sessions;

import dev.holdfast.bench.process.LocalRedis;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.sessions.SessionServer.Kind;
import dev.holdfast.bench.sessions.SessionServer.SessionServerOptions;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.redis.local.RedisProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The system under the soak test: durable servers with a Redis behind them and a relay in front of
 * each. {@link #fault} breaks a real part of it and heals the part before it returns.
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
    /** SIGKILL of one server, which is started again. */
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
  private final List<SessionServer> servers = new ArrayList<>();
  private final List<TcpRelay> relays = new ArrayList<>();

  SoakTopology(RunResources runResources, Random random, int count) throws Exception {
    this.runResources = runResources;
    this.random = random;
    this.redis = LocalRedis.start(runResources);
    for (int i = 0; i < count; i++) {
      SessionServer server = SessionServer.start(runResources, setting(0));
      servers.add(server);
      relays.add(runResources.own(TcpRelay.toPort(server.port())));
    }
  }

  /** The ports of the relays, which devices connect to. */
  List<Integer> ports() {
    return relays.stream().map(TcpRelay::port).toList();
  }

  /** Breaks something at random and mends it; returns what it was. */
  String fault() throws Exception {
    Fault fault = oneOf(List.of(Fault.values()));
    int which = random.nextInt(servers.size());
    Duration length = fault.length(random);
    TcpRelay relay = relays.get(which);
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
      case OUTAGE -> unreachable(relays, length);
      case KILL -> kill(which);
      case STOP -> stop(servers.get(which).pid(), length);
      case STORE_STOP -> stop(redis.pid(), length);
    }
    return fault + " of " + which + " for " + length.toMillis() + " ms";
  }

  private <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private void kill(int which) throws Exception {
    int port = servers.get(which).port();
    servers.get(which).kill();
    servers.set(which, SessionServer.start(runResources, setting(port)));
  }

  private SessionServerOptions setting(int port) {
    return SessionServerOptions.of(Kind.DURABLE)
        .withRedis(redis.uri())
        .withHeartbeats()
        .withPort(port);
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
