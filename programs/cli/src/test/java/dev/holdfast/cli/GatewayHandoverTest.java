package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayOptions;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.handover.HandoverServer;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.route.ServiceRouter;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway, a newer one that takes its place, and clients that must not notice. */
class GatewayHandoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern LISTENING = Pattern.compile("\"listen\":\"127.0.0.1:(\\d+)\"");
  private static final Pattern ADMIN = Pattern.compile("\"admin\":\"127.0.0.1:(\\d+)\"");
  private static final String REQUEST =
      String.join(
          "\r\n",
          "POST /grpc.health.v1.Health/Check HTTP/1.1",
          "host: orders",
          "connection: close",
          "content-type: application/json",
          "content-length: 2",
          "",
          "{}");

  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final List<AtomicInteger> counts = new ArrayList<>();
  private volatile boolean over;

  @TempDir Path folder;

  @Test
  void aNewerProcessTakesTheSocketsOverAndNobodyNotices() throws Exception {
    HealthStatusManager health = new HealthStatusManager();
    Server server = server(health);
    List<Thread> clients = new ArrayList<>();
    try (HoldfastProcess older = gateway(0, 0)) {
      int port = port(older, LISTENING);
      ManagedChannel channel = channel(port);
      Iterator<HealthCheckResponse> stream =
          HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
      assertThat(stream.next().getStatus()).isEqualTo(ServingStatus.SERVING);
      // JSON is served once the gateway has asked for the schema.
      await()
          .atMost(PATIENCE)
          .ignoreExceptionsInstanceOf(IOException.class)
          .untilAsserted(() -> newHttp1Connection(port));
      ManagedChannel steady = channel(port);
      clients.add(client(() -> check(steady)));
      clients.add(client(() -> newConnection(port)));
      clients.add(client(() -> newHttp1Connection(port)));
      awaitCalls();

      killedBeforeItServes();
      awaitCalls();

      try (HoldfastProcess newer = gateway(port, port(older, ADMIN))) {
        newer.awaitOut(out -> LISTENING.matcher(out).find());
        assertThat(port(newer, LISTENING)).isEqualTo(port);
        awaitCalls();
        assertThat(older.isAlive()).as("its stream goes on").isTrue();
        health.setStatus("", ServingStatus.NOT_SERVING);
        assertThat(stream.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
        channel.shutdownNow();
        assertThat(older.exitCode()).as(older.err()).isZero();
        awaitCalls();
        over = true;
        for (Thread client : clients) {
          client.join();
        }
        steady.shutdownNow();
        assertThat(failures).isEmpty();
      }
    } finally {
      over = true;
      server.shutdownNow();
    }
  }

  @Test
  @Tag("ci")
  void whoHasTakenOverServesAlsoWithoutTheRest() throws Exception {
    Server server = server(new HealthStatusManager());
    Path shared = Files.createDirectory(socket().getParent());
    mode(shared, "rwx------");
    GatewaySnapshot empty =
        new GatewaySnapshot(ServiceRouter.unknown(), Map.of(), GatewayLimits.DEFAULT);
    try (ServerSocket third = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Gateway older = Gateway.open(GatewayOptions.listeningAt(loopback(0)), empty)) {
      int port = older.address().getPort();
      Runnable leave =
          () -> {
            var unused = older.drain();
          };
      HandoverServer.HandoverSource handoverSource =
          new HandoverServer.HandoverSource(
              older, new ResumeSessions(), () -> mode(shared, "rwxrwxrwx"), leave);
      try (HandoverServer unused = HandoverServer.open(socket(), handoverSource);
          HoldfastProcess newer = gateway(port, third.getLocalPort())) {
        newer.awaitOut(out -> LISTENING.matcher(out).find());
        newer.awaitErr("event=admin_unavailable gateway=serves_and_tries_again ");
        newer.awaitErr("event=handover_unavailable gateway=serves_and_tries_again ");
        newConnection(port);

        third.close();
        mode(shared, "rwx------");
        String admin = "127.0.0.1:" + third.getLocalPort();
        await()
            .atMost(PATIENCE)
            .until(() -> CommandRun.of("gateway", "status", admin).out().contains(" SERVING, "));
        await().atMost(PATIENCE).until(() -> Files.exists(socket()));
        newConnection(port);
      }
    } finally {
      server.shutdownNow();
    }
  }

  private static void mode(Path folder, String permissions) {
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private void killedBeforeItServes() {
    try (HoldfastProcess doomed =
        HoldfastProcess.startMain(
            folder, StalledTakeoverMain.class, List.of(socket().toString()))) {
      doomed.awaitOut(out -> out.contains("taken 1"));
      doomed.signal("KILL");
      doomed.exitCode();
    }
  }

  private HoldfastProcess gateway(int port, int admin) {
    return HoldfastProcess.start(
        folder,
        Map.of(),
        List.of(
            "gateway",
            "--json",
            "--registry=file://" + folder + "/services",
            "--listen=" + port,
            "--admin=" + admin,
            "--handover=" + socket()));
  }

  private Path socket() {
    return folder.resolve("handover/gateway.sock");
  }

  /** Something that fails when a client has reason to complain. */
  private interface Call {
    void make() throws Exception;
  }

  /** Calls again and again, a few milliseconds apart. */
  private Thread client(Call call) {
    AtomicInteger made = new AtomicInteger();
    counts.add(made);
    Thread thread =
        new Thread(
            () -> {
              while (!over) {
                try {
                  call.make();
                } catch (Exception e) {
                  failures.add(e.toString());
                }
                made.incrementAndGet();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(3));
              }
            });
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Each client makes some more. */
  private void awaitCalls() {
    List<Integer> wanted = counts.stream().map(count -> count.get() + 20).toList();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              for (int i = 0; i < wanted.size(); i++) {
                if (counts.get(i).get() < wanted.get(i)) {
                  return false;
                }
              }
              return true;
            });
    assertThat(failures).isEmpty();
  }

  private static void check(ManagedChannel channel) {
    HealthCheckResponse unused =
        HealthGrpc.newBlockingStub(channel)
            .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
            .check(HealthCheckRequest.getDefaultInstance());
  }

  private static void newConnection(int port) {
    ManagedChannel channel = channel(port);
    try {
      check(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  private static void newHttp1Connection(int port) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.getOutputStream().write(REQUEST.getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!answer.startsWith("HTTP/1.1 200 ")) {
        throw new IOException("answer: " + answer);
      }
    }
  }

  private static ManagedChannel channel(int port) {
    return Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create())
        .overrideAuthority("orders")
        .disableRetry()
        .build();
  }

  private static int port(HoldfastProcess gateway, Pattern where) {
    await().atMost(PATIENCE).until(() -> where.matcher(gateway.out()).find());
    Matcher matcher = where.matcher(gateway.out());
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  /** A server that is registered as orders. */
  private Server server(HealthStatusManager health) throws IOException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    Path orders = Files.createDirectories(folder.resolve("services/orders"));
    Files.writeString(orders.resolve("all.list"), "127.0.0.1:" + server.getPort() + "\n");
    return server;
  }
}
