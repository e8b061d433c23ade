package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.micrometer.core.instrument.Counter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Verify before use, the pair and the watch of a server, from end to end: plain and with TLS, over
 * IPv4 and IPv6, and where the machine has no epoll.
 */
@Execution(ExecutionMode.CONCURRENT)
class EveryTransportTest {
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Duration SAFE_IDLE = Duration.ofSeconds(1);
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withSafeIdle(SAFE_IDLE)
          .withProbing(Duration.ofSeconds(3), Duration.ofSeconds(1))
          .withPatience(Duration.ofSeconds(4), Duration.ofSeconds(6));

  private static final Pattern SILENT = Pattern.compile("^HF-40[56]");

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final Queue<ClientGone> gone = new ConcurrentLinkedQueue<>();
  @TempDir private Path folder;

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @ParameterizedTest
  @CsvSource({"4, false", "4, true", "6, false", "6, true"})
  @Execution(ExecutionMode.CONCURRENT)
  void aSilentDropCostsNoCallAndBothEndsSayWhatBecameOfTheStream(int ipVersion, boolean tls)
      throws Exception {
    InetAddress address = loopback(ipVersion);
    assumeTrue(NetworkInterface.getByInetAddress(address) != null, "no IPv" + ipVersion + " here");
    ServerCredentials proof = InsecureServerCredentials.create();
    ChannelCredentials trust = InsecureChannelCredentials.create();
    if (tls) {
      TestCertificate certificate = TestCertificate.create(folder, "words");
      proof = TlsServerCredentials.create(certificate.certificate(), certificate.key());
      trust = TlsChannelCredentials.newBuilder().trustManager(certificate.certificate()).build();
    }
    HoldfastServer server = serve(address, proof);
    InetSocketAddress target = new InetSocketAddress(address, server.getPort());
    try (Middlebox path = Middlebox.to(target).host(address).start()) {
      loopbackTopology.announce(path.address());
      ManagedChannel channel =
          loopbackTopology.channel(
              HoldfastChannelBuilder.forTarget(
                      LoopbackTopology.TARGET, trust, loopbackTopology.registries)
                  .retryIdempotent(false)
                  .liveness(QUICK));
      HeldStream held = talk(channel);
      HeldStream heldByStock = talk(stock(path, trust));

      callUntilChecked(channel);
      path.forgetFlows();
      beQuiet();
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      assertThat(loopbackTopology.count("holdfast.grpc.replacements", "outcome", "took_over"))
          .isPositive();

      Status end = held.awaitEnd();
      assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(end.getDescription())
          .as("406 when it was asked just before")
          .containsPattern(SILENT);
      await().atMost(PATIENCE).until(() -> gone.size() >= 2);
      assertThat(gone).allMatch(event -> SILENT.matcher(event.reason().code()).lookingAt());
      assertThat(heldByStock.isOpen()).as("stock gRPC notices nothing").isTrue();
    }
  }

  /** Netty has no native transport in these processes, as on any system that is not Linux. */
  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void theSameWhereTheMachineHasNoEpoll() throws Exception {
    List<String> withoutEpoll = List.of("-Dio.netty.transport.noNative=true");
    try (RecordedJvm server = RecordedJvm.start(withoutEpoll, WordsProgram.class, "a")) {
      assertThat(server.await("sockets")).isEqualTo("nio");
      try (Middlebox path = Middlebox.toPort(Integer.parseInt(server.await("port"))).start();
          RecordedJvm client =
              RecordedJvm.start(
                  withoutEpoll, CallerProgram.class, "127.0.0.1:" + path.port(), "4", "6")) {
        assertThat(client.await("sockets")).isEqualTo("nio");
        client.tell("hold");
        await().atMost(PATIENCE).until(() -> client.ask("heard", "heard").equals("[a]"));
        path.forgetFlows();
        beQuiet();
        assertThat(client.ask("call", "answered")).isEqualTo("a");
        assertThat(client.ask("state", "state")).contains("took_over=1");
        await().atMost(PATIENCE).until(() -> client.ask("heard", "heard").equals("[ended]"));
        assertThat(server.await("gone")).isEqualTo("HF-405");
      }
    }
  }

  private static InetAddress loopback(int ipVersion) throws UnknownHostException {
    byte[] six = new byte[16];
    six[15] = 1;
    return InetAddress.getByAddress(ipVersion == 6 ? six : new byte[] {127, 0, 0, 1});
  }

  private HoldfastServer serve(InetAddress address, ServerCredentials proof) throws Exception {
    return loopbackTopology.serveUnregistered(
        new WordsService("a"),
        HoldfastServerBuilder.forAddress(new InetSocketAddress(address, 0), proof)
            .registries(loopbackTopology.registries)
            .liveness(QUICK)
            .onClientGone(gone::add));
  }

  private ManagedChannel stock(Middlebox path, ChannelCredentials trust) {
    String target =
        new HostPort(path.address().getAddress().getHostAddress(), path.port()).toString();
    return loopbackTopology.keep(
        Grpc.newChannelBuilder(target, trust).overrideAuthority("words").build());
  }

  /** On a busy machine a probe may be answered just before a call, which then needs no check. */
  private void callUntilChecked(ManagedChannel channel) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              beQuiet();
              assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
              Counter checks =
                  loopbackTopology.meters.find("holdfast.grpc.liveness.checks").counter();
              return checks != null && checks.count() > 0;
            });
  }

  private static HeldStream talk(ManagedChannel channel) {
    HeldStream stream = HeldStream.answered(channel);
    assertThat(stream.heard()).containsExactly("a");
    return stream;
  }

  private static void beQuiet() {
    long beganNanos = System.nanoTime();
    await()
        .atMost(PATIENCE)
        .until(() -> System.nanoTime() - beganNanos > SAFE_IDLE.plusMillis(200).toNanos());
  }
}
