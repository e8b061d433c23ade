package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.liveness.lint.KeepaliveFinding;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DoctorCommandTest {
  @Test
  void aHealthyPathEndsWithZeroAndSaysWhatTheServerDoesToPings() throws IOException {
    Server server = serve();
    try {
      CommandRun run =
          CommandRun.of("doctor", "path", "127.0.0.1:" + server.getPort(), "--max-wait", "2s");
      assertThat(run.code()).as(run.toString()).isEqualTo(ExitCode.OK);
      assertThat(run.out())
          .contains("grpc-java")
          .contains("HF-530")
          .endsWith("RESULT problems=0 codes=HF-541,HF-530\n");
      // A busy machine waits for a little longer, and says so.
      assertThat(run.err()).containsPattern("idle for ([2-9]|[1-9]\\d+)(\\.\\d)?s: alive");
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void aReportForProgramsIsOneLineOfJson() throws IOException {
    Server server = serve();
    try {
      CommandRun run =
          CommandRun.of(
              "doctor", "path", "127.0.0.1:" + server.getPort(), "--max-wait", "2s", "--json");
      assertThat(run.out())
          .startsWith("{\"target\":\"127.0.0.1:" + server.getPort() + "\",\"problem\":false,")
          .containsPattern("\"outcome\":\"kept\",\"alive_at_ms\":([2-9]|[1-9]\\d+)\\d{3}\\b")
          .hasLineCount(1);
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void aServerThatDemandsACertificateGetsTheOneThatIsNamed(@TempDir Path folder) throws Exception {
    TestCertificate ofServer = TestCertificate.create(folder, "orders");
    TestCertificate ofClient = TestCertificate.create(folder, "client");
    Server server =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.newBuilder()
                    .keyManager(ofServer.certificate(), ofServer.key())
                    .trustManager(ofClient.certificate())
                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                    .build())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    List<String> words =
        new ArrayList<>(
            List.of(
                "doctor",
                "path",
                "127.0.0.1:" + server.getPort(),
                "--max-wait",
                "2s",
                "--authority",
                "orders",
                "--ca",
                ofServer.certificate().toString()));
    try {
      CommandRun without = CommandRun.of(words.toArray(String[]::new));
      assertThat(without.code()).as(without.toString()).isEqualTo(ExitCode.FAILED);
      assertThat(without.out()).endsWith("RESULT problems=1 codes=HF-505\n");
      words.addAll(List.of("--cert", ofClient.certificate().toString()));
      words.addAll(List.of("--key", ofClient.key().toString()));
      CommandRun with = CommandRun.of(words.toArray(String[]::new));
      assertThat(with.code()).as(with.toString()).isEqualTo(ExitCode.OK);
      assertThat(with.out()).contains("RESULT problems=0");
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void aPortWithoutAServerIsAFinding() throws IOException {
    try (RefusingPort nobody = new RefusingPort()) {
      CommandRun run = CommandRun.of("doctor", "path", nobody.toString());
      assertThat(run.code()).isEqualTo(ExitCode.FAILED);
      assertThat(run.out()).contains("HF-501").endsWith("RESULT problems=1 codes=HF-501\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "path nowhere",
        "path h:1 --tls --plaintext",
        "path h:1 --cert client.pem",
        "path h:1 --key client.pem",
        "path h:1 --ca nowhere.pem",
        "path h:1 --ca nowhere.pem --plaintext",
        "path h:1 --cert nowhere.pem --key nowhere.pem",
        "path h:1 --max-wait 1s",
        "path h:1 --max-wait 5",
        "path h:1 --hold nonsense",
        "path h:1 --authority a/b",
        "lint --client nonsense",
        "lint --path nonsense",
        "lint --client-keepalive 30",
        "lint --client-without-calls maybe",
        "lint --file nowhere.yaml",
        "path",
        "paths"
      })
  void whatMakesNoSenseIsSaidAndEndsWithTwo(String words) {
    CommandRun run = CommandRun.of(("doctor " + words).split(" "));
    assertThat(run.code()).as(run.toString()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).isNotEmpty();
  }

  @Test
  void profilesAreATableAndJson() {
    assertThat(CommandRun.of("doctor", "profiles").out())
        .contains("swarm")
        .contains("15m")
        .containsPattern("envoy .*sends GOAWAY after 1h");
    assertThat(CommandRun.of("doctor", "profiles", "--json").out())
        .contains("{\"profile\":\"nlb\",\"idle_timeout_ms\":350000,")
        .contains("\"connection_idle_timeout_ms\":400000,\"connection_then\":\"close\"");
  }

  @Test
  void lintNamesWhatIsWrongBetweenClientServerAndPath() {
    CommandRun run =
        CommandRun.of("doctor", "lint", "--client-keepalive", "30s", "--path", "azure");
    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.out())
        .contains("KL-01", "permit 27s")
        .contains("RESULT findings=3 codes=KL-01,KL-04,KL-05\n");
    assertThat(CommandRun.of("doctor", "lint").code()).isEqualTo(ExitCode.OK);
    CommandRun floored =
        CommandRun.of("doctor", "lint", "--server-keepalive", "3s", "--path-timeout", "8s");
    assertThat(floored.code()).isEqualTo(ExitCode.FAILED);
    assertThat(floored.out())
        .contains("KL-09  The server's library raises a time of 3s to 10s")
        .endsWith("RESULT findings=2 codes=KL-03,KL-09\n");
  }

  @Test
  void lintKnowsTheKernelsProbes() {
    String[] often = {"doctor", "lint", "--client-tcp-keepalive", "60s", "--path", "azure"};
    assertThat(CommandRun.of(often).out()).isEqualTo("RESULT findings=0 codes=none\n");
    CommandRun rare =
        CommandRun.of("doctor", "lint", "--server-tcp-keepalive", "200s", "--path", "azure");
    assertThat(rare.out())
        .contains("or TCP keepalive after 192s on the sockets of either end")
        .endsWith("RESULT findings=2 codes=KL-03,KL-05\n");
    CommandRun hop =
        CommandRun.of("doctor", "lint", "--client-tcp-keepalive", "5s", "--path", "haproxy");
    assertThat(hop.out()).endsWith("RESULT findings=1 codes=KL-07\n");
    CommandRun tooShort = CommandRun.of("doctor", "lint", "--server-tcp-keepalive", "500ms");
    assertThat(tooShort.code()).isEqualTo(ExitCode.USAGE);
    assertThat(tooShort.err()).contains("server-tcp-keepalive", "500ms", "1s");
  }

  /** Its words are others: a duration, default, off. */
  @ParameterizedTest
  @ValueSource(strings = {"900s", "off", "nginx"})
  void lintTakesNoPathFromTheVariableOfChannels(String path) {
    CommandRun run = CommandRun.with(Map.of("HOLDFAST_PATH", path), "doctor", "lint");
    assertThat(run.out()).as(run.toString()).isEqualTo("RESULT findings=0 codes=none\n");
  }

  @Test
  void lintTakesFromAFileWhatNoOptionSays(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("keepalive.yaml");
    Files.writeString(file, "server-keepalive: 100s\npath: nlb\n");
    assertThat(CommandRun.of("doctor", "lint", "--file", file.toString()).code())
        .isEqualTo(ExitCode.OK);
    CommandRun run =
        CommandRun.of(
            "doctor", "lint", "--file", file.toString(), "--server-keepalive", "400s", "--json");
    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.out()).startsWith("{\"findings\":[{\"code\":\"KL-03\"");
    Files.writeString(file, "server-permitt: 1m\n");
    assertThat(CommandRun.of("doctor", "lint", "--file", file.toString()).err())
        .contains("\"server-permitt\" is unknown (expected: server-permit)");
  }

  @ParameterizedTest
  @EnumSource(KeepaliveFinding.KeepaliveFindingCode.class)
  void everyCodeOfLintHasASectionInTheDocuments(
      KeepaliveFinding.KeepaliveFindingCode keepaliveFindingCode) throws IOException {
    Path page = Path.of(System.getProperty("holdfast.root"), "docs/doctor.md");
    assertThat(Files.readAllLines(page)).contains("### " + keepaliveFindingCode.text());
  }

  private static Server serve() throws IOException {
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .addService(new HealthStatusManager().getHealthService())
        .build()
        .start();
  }
}
