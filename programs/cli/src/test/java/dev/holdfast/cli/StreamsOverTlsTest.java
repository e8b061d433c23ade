package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.StreamsAdmin;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command against servers that speak TLS, and such as demand a certificate. */
class StreamsOverTlsTest {
  @TempDir Path folder;

  @Test
  void aServersCertificateIsCheckedAndTheClientsShown() throws Exception {
    TestCertificate ofServer = TestCertificate.create(folder, "orders");
    TestCertificate ofClient = TestCertificate.create(folder, "client");
    ServerStreams streams = ServerStreams.builder().build();
    Server demanding =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.newBuilder()
                    .keyManager(ofServer.certificate(), ofServer.key())
                    .trustManager(ofClient.certificate())
                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                    .build())
            .addService(StreamsAdmin.of(streams))
            .build()
            .start();
    Server open =
        Grpc.newServerBuilderForPort(
                0, TlsServerCredentials.create(ofServer.certificate(), ofServer.key()))
            .addService(StreamsAdmin.of(streams))
            .build()
            .start();
    String ca = ofServer.certificate().toString();
    String certificate = ofClient.certificate().toString();
    String key = ofClient.key().toString();
    try {
      assertShown(run(open, "--ca", ca));
      assertRefused(run(open));
      assertRefused(run(open, "--tls"));
      assertShown(run(demanding, "--ca", ca, "--cert", certificate, "--key", key));
      assertRefused(run(demanding, "--ca", ca));
    } finally {
      demanding.shutdownNow();
      open.shutdownNow();
      streams.close();
    }
  }

  private static CommandRun run(Server server, String... options) {
    String[] words = new String[options.length + 4];
    words[0] = "streams";
    words[1] = "127.0.0.1:" + server.getPort();
    words[2] = "--authority";
    words[3] = "orders";
    System.arraycopy(options, 0, words, 4, options.length);
    return CommandRun.of(words);
  }

  private static void assertShown(CommandRun run) {
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("sessions=0");
  }

  private static void assertRefused(CommandRun run) {
    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("UNAVAILABLE");
  }
}
