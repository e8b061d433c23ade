package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.process.RecordedJvm;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A gateway in a process with little memory, before clients that want more than it has; what it
 * holds is what the kernel says. Others of the same endpoint notice nothing.
 */
@EnabledOnOs(OS.LINUX)
@Tag("ci")
class ProcessMemoryTest {
  private static final long MIB = 1 << 20;
  private static final int HEAP_MIB = 64;
  private static final int DIRECT_MIB = 64;

  /** Classes, code, stacks, and what malloc keeps. */
  private static final int REST_MIB = 64;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private @Nullable RecordedJvm started;
  private InetSocketAddress address = new InetSocketAddress(0);

  /** What they want: far more than there is. */
  enum Attack {
    STREAMS,
    HEADERS,
    UPLOADED_BODIES,
    JSON_HTTP_1,
    JSON_HTTP_2,
    DOCUMENTS_HTTP_2,
    GRPC_WEB_HTTP_1,
    GRPC_WEB_HTTP_2,
    FRAGMENTS,
    FRAMES;

    void on(StalledClients clients) throws Exception {
      switch (this) {
        case STREAMS -> clients.streams(4, 60);
        case HEADERS -> clients.headers(60, 120);
        case UPLOADED_BODIES -> clients.bodies(40);
        case JSON_HTTP_1 -> clients.jsonOverHttp1(80);
        case JSON_HTTP_2 -> clients.jsonOverHttp2(4, 60);
        case DOCUMENTS_HTTP_2 -> clients.documentsOverHttp2(4, 60);
        case GRPC_WEB_HTTP_1 -> clients.grpcWebOverHttp1(80);
        case GRPC_WEB_HTTP_2 -> clients.grpcWebOverHttp2(4, 60);
        case FRAGMENTS -> clients.fragments(40);
        case FRAMES -> clients.frames(40);
      }
    }
  }

  @BeforeEach
  void start() throws Exception {
    Greetings greetings = new Greetings();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Echo())
            .addService(
                ServerInterceptors.intercept(greetings.bindService(), greetings.interceptor()))
            .build()
            .start();
    open.push(server::shutdownNow);
    RecordedJvm gateway =
        RecordedJvm.start(
            List.of(
                "-Xmx" + HEAP_MIB + "m",
                "-XX:MaxDirectMemorySize=" + DIRECT_MIB + "m",
                "-Dholdfast.gateway.codec=" + System.getProperty("holdfast.gateway.codec", "")),
            GatewayProgram.class,
            "127.0.0.1:" + server.getPort());
    open.push(gateway);
    started = gateway;
    int port = Integer.parseInt(gateway.await("port"));
    address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  @AfterEach
  void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  @ParameterizedTest
  @EnumSource(Attack.class)
  void littleMemoryIsEnoughBesideClientsThatWantMore(Attack attack) throws Throwable {
    try {
      attacked(attack);
    } catch (Throwable failure) {
      // Why, only the gateway can know.
      List<String> lines = List.copyOf(gateway().lines());
      String last = String.join("\n", lines.subList(Math.max(0, lines.size() - 200), lines.size()));
      failure.addSuppressed(
          new IllegalStateException("VmRSS " + residentMib() + " MiB, the gateway said:\n" + last));
      throw failure;
    }
  }

  private void attacked(Attack attack) throws Exception {
    BackgroundCaller calls = closing(BackgroundCaller.on(channel()));
    BackgroundCaller json = closing(BackgroundCaller.of(this::ask));
    long before = residentMib();
    StalledClients clients = closing(new StalledClients(address));
    attack.on(clients);
    calls.assertUnharmed();
    json.assertUnharmed();
    assertThat(residentMib()).isLessThan(before + HEAP_MIB + DIRECT_MIB + REST_MIB);
    clients.close();
    calls.assertUnharmed();
    json.assertUnharmed();
    assertThat(gateway().countOf("OutOf")).isZero();
  }

  private void ask() throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + address.getPort() + "/v1/hello/bystander");
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setReadTimeout(
        (int) Duration.ofSeconds(BackgroundCaller.PATIENCE_SECONDS).toMillis());
    if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
      throw new IOException("answered with " + connection.getResponseCode());
    }
    connection.getInputStream().readAllBytes();
  }

  private RecordedJvm gateway() {
    return Objects.requireNonNull(started);
  }

  private ManagedChannel channel() {
    ManagedChannel channel = NettyChannelBuilder.forAddress(address).usePlaintext().build();
    open.push(channel::shutdownNow);
    return channel;
  }

  private long residentMib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + gateway().pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024 / MIB;
      }
    }
    throw new IOException("no VmRSS");
  }

  private <T extends AutoCloseable> T closing(T thing) {
    open.push(thing);
    return thing;
  }
}
