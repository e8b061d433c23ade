package dev.holdfast.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.Backoff;
import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.redis.local.RedisProcess;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import org.awaitility.core.ConditionFactory;
import org.h2.tools.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Instances are killed at any point while a device reports; then the rows are counted. */
@Timeout(600)
class ExactlyOnceTest {
  private static final int READINGS = 1200;
  private static final int KILLS = 4;
  private static final int AHEAD = 60;

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Long> receipts = new CopyOnWriteArrayList<>();
  private final List<Status> ends = new CopyOnWriteArrayList<>();
  private String redis = "";
  private String database = "";

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  @Test
  void eachReadingHasItsRowExactlyOnceWhoeverIsKilled() throws Exception {
    assumeTrue(
        RedisProcess.isInstalled() || "1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
        "redis-server is not installed (apt-get install redis-server)");
    redis = closing(RedisProcess.start(folder.resolve("redis"))).uri();
    database = startDatabase();
    TcpRelay relay = closing(TcpRelay.toPort(1));
    relay.refuseNew();
    StreamObserver<Reading> readings = report(relay.port());
    RecordedJvm owner = start();
    lead(relay, owner);

    int sent = 0;
    for (int kill = 1; kill <= KILLS + 1; kill++) {
      // Ready before the kill: how long a JVM takes to start is not what is tested.
      RecordedJvm next = kill <= KILLS ? start() : owner;
      int until = READINGS * kill / (KILLS + 1);
      for (; sent < until; sent++) {
        int ahead = sent - AHEAD;
        patiently().until(() -> receipts.size() > ahead || !ends.isEmpty());
        readings.onNext(
            Reading.newBuilder().setDevice("pump").setNumber(sent + 1).setValue(1).build());
      }
      if (next != owner) {
        // Somewhere among the last readings, which are on their way.
        int at = until - ThreadLocalRandom.current().nextInt(AHEAD);
        patiently().until(() -> receipts.size() >= at || !ends.isEmpty());
        owner.kill();
        lead(relay, next);
        owner = next;
      }
    }
    readings.onCompleted();
    patiently().until(() -> !ends.isEmpty());

    assertThat(ends).containsExactly(Status.OK);
    assertThat(receipts).isEqualTo(LongStream.rangeClosed(1, READINGS).boxed().toList());
    assertThat(rows("SELECT COUNT(*) FROM readings")).isEqualTo(READINGS);
    assertThat(rows("SELECT COUNT(DISTINCT number) FROM readings")).isEqualTo(READINGS);
  }

  private RecordedJvm start() throws Exception {
    return closing(
        RecordedJvm.start(List.of("-Xmx96m"), ExactlyOnceProgram.class, redis, database));
  }

  /** From now on connections lead there. */
  private static void lead(TcpRelay relay, RecordedJvm process) {
    int port = Integer.parseInt(process.await("READY"));
    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    relay.heal();
  }

  private StreamObserver<Reading> report(int port) {
    ClientStreams streams = closing(ClientStreams.builder().options(quick()).build());
    ManagedChannel channel =
        Grpc.newChannelBuilder("127.0.0.1:" + port, InsecureChannelCredentials.create())
            .intercept(streams)
            .build();
    open.add(channel::shutdownNow);
    return TelemetryGrpc.newStub(channel)
        .report(
            new StreamObserver<>() {
              @Override
              public void onNext(Receipt receipt) {
                receipts.add(receipt.getNumber());
              }

              @Override
              public void onError(Throwable failure) {
                ends.add(Status.fromThrowable(failure));
              }

              @Override
              public void onCompleted() {
                ends.add(Status.OK);
              }
            });
  }

  /** Comes back soon, so that the test is short. */
  private static SessionOptions quick() {
    SessionOptions.Timing usual = SessionOptions.DEFAULT.timing();
    return SessionOptions.DEFAULT.withTiming(
        new SessionOptions.Timing(
            usual.ackDelay(),
            usual.ttl(),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            usual.heartbeat(),
            usual.suspect(),
            usual.race(),
            usual.dead(),
            usual.rotate(),
            new Backoff.BackoffOptions(Duration.ofMillis(20), Duration.ofMillis(500))));
  }

  private String startDatabase() throws SQLException {
    // Without it H2 would listen for the whole network.
    System.setProperty("h2.bindAddress", "127.0.0.1");
    Server server =
        Server.createTcpServer(
                "-tcpPort", "0", "-ifNotExists", "-baseDir", folder.resolve("h2").toString())
            .start();
    open.add(server::stop);
    return "jdbc:h2:tcp://127.0.0.1:" + server.getPort() + "/telemetry;LOCK_TIMEOUT=30000";
  }

  private long rows(String query) throws SQLException {
    try (Connection connection = DriverManager.getConnection(database);
        ResultSet row = connection.createStatement().executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(5));
  }
}
