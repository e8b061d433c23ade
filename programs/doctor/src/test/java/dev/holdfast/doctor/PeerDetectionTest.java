package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.lab.PathFaults;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands at the other end, and what is said of it when that is not HTTP/2. */
@Execution(ExecutionMode.CONCURRENT)
class PeerDetectionTest {
  private static final Duration SHORT = Duration.ofSeconds(2);

  @TempDir Path folder;

  @Test
  void findsTlsByItselfAndSaysWhatAlpnChose() throws Exception {
    SslContext tls = GrpcSslContexts.configure(keys()).build();
    try (ExaminedServer server = ExaminedServer.with(builder -> builder.sslContext(tls))) {
      PathReport report = ExaminedServer.examine(server.port(), SHORT);
      PeerInfo peerInfo = report.peer().orElseThrow();
      assertThat(peerInfo.tls()).isTrue();
      assertThat(peerInfo.alpn()).isEqualTo("h2");
      assertThat(peerInfo.tlsVersion()).startsWith("TLSv1.");
      assertThat(report.idle().orElseThrow().outcome())
          .isEqualTo(IdleTimeoutResult.IdleTimeoutOutcome.KEPT);
      assertThat(report.hasProblem()).as(report.toString()).isFalse();
    }
  }

  @Test
  void saysThatTlsOnAPlaintextPortFails() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report = ExaminedServer.examine(options(server.port()).withSecurity(TlsMode.TLS));
      assertThat(report.findings())
          .extracting(Finding::code)
          .containsExactly(FindingCode.TLS_FAILED);
    }
  }

  @Test
  void recognisesHttp1() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    // Without threads of its own it would go on reading the preface of HTTP/2 for ever.
    ExecutorService threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.start();
    try {
      PathReport report = ExaminedServer.examine(server.getAddress().getPort(), SHORT);
      assertThat(report.findings())
          .singleElement()
          .satisfies(
              finding -> {
                assertThat(finding.code()).isEqualTo(FindingCode.NOT_HTTP2);
                assertThat(finding.measured()).contains("HTTP/1.");
              });
    } finally {
      server.stop(0);
      threads.shutdownNow();
    }
  }

  @Test
  void saysThatAServerAcceptsAndIsSilent() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      PathReport report =
          ExaminedServer.examine(options(silent.getLocalPort()).withSecurity(TlsMode.PLAINTEXT));
      assertThat(report.findings())
          .extracting(Finding::code)
          .containsExactly(FindingCode.NO_SETTINGS);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsMode.class,
      names = {"PLAINTEXT", "AUTO"})
  void aBusyServerIsNotTakenForADeadOne(TlsMode tlsMode) throws Exception {
    PathFaults slow =
        PathFaults.builder().stall(Duration.ZERO, Duration.ofSeconds(7), Duration.ZERO).build();
    try (ExaminedServer server = ExaminedServer.tolerant();
        ProbeConnections probeConnections = new ProbeConnections()) {
      int port = server.behind(slow);
      ExaminationContext examinationContext =
          new ExaminationContext(
              probeConnections, options(port).withSecurity(tlsMode), DoctorProgress.NONE);
      PeerDetection first =
          new PeerDetection(
              examinationContext, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      CompletableFuture<PeerDetection.PeerDetectionResult> done = new CompletableFuture<>();
      probeConnections
          .loop()
          .execute(
              () -> {
                var unused = first.run().thenAccept(done::complete);
              });
      PeerDetection.PeerDetectionResult peerDetectionResult = done.get(60, TimeUnit.SECONDS);
      assertThat(peerDetectionResult.problem()).as(peerDetectionResult.toString()).isEmpty();
      assertThat(peerDetectionResult.peer().orElseThrow().tls()).isFalse();
    }
  }

  @Test
  void namesAServerThatSendsItsSettingsLateWithTheTime() throws Exception {
    PathFaults late =
        PathFaults.builder().stall(Duration.ZERO, Duration.ofSeconds(4), Duration.ZERO).build();
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report =
          ExaminedServer.examine(options(server.behind(late)).withSecurity(TlsMode.PLAINTEXT));
      Duration took = report.peer().orElseThrow().settingsTime();
      assertThat(took).isGreaterThan(PeerDetection.LATE_SETTINGS);
      assertThat(report.findings())
          .filteredOn(finding -> finding.code() == FindingCode.SETTINGS_LATE)
          .singleElement()
          .satisfies(
              finding -> assertThat(finding.measured()).contains(ExaminationContext.time(took)));
      assertThat(report.hasProblem()).isTrue();
    }
  }

  @Test
  void saysThatNobodyListensOrThatTheHostHasNoAddress() throws Exception {
    try (RefusingPort nobody = new RefusingPort()) {
      assertThat(ExaminedServer.examine(nobody.port(), SHORT).findings())
          .singleElement()
          .satisfies(finding -> assertThat(finding.measured()).contains("refused"));
    }
    // A label of 64 letters is no host name, so that no resolver is asked for it.
    DoctorOptions nowhere = DoctorOptions.of(new HostPort("x".repeat(64), 1));
    assertThat(ExaminedServer.examine(nowhere).findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.measured()).contains("no address"));
  }

  private static DoctorOptions options(int port) {
    return DoctorOptions.of(HostPort.parse("127.0.0.1:" + port)).withMaxWait(SHORT);
  }

  private SslContextBuilder keys() throws Exception {
    TestCertificate doctor = TestCertificate.create(folder, "doctor");
    return SslContextBuilder.forServer(doctor.certificate(), doctor.key());
  }
}
