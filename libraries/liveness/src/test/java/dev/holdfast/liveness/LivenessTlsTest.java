package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.Http2Pair.Heard;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The watch below TLS, where it sees ciphertext only. */
class LivenessTlsTest {
  @TempDir Path folder;

  @Test
  void aTlsConnectionIsProbedSuspectedAndForgiven() throws Exception {
    TestCertificate lab = TestCertificate.create(folder, "lab");
    SslContext serverTls = SslContextBuilder.forServer(lab.certificate(), lab.key()).build();
    SslContext clientTls =
        SslContextBuilder.forClient()
            .trustManager(lab.certificate())
            .endpointIdentificationAlgorithm(null)
            .build();
    LivenessOptions options =
        LivenessOptions.DEFAULT
            .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
            .withPingPermit(Duration.ofSeconds(1));
    Heard heard = new Heard();
    try (Http2Pair pair = new Http2Pair(true)) {
      InetSocketAddress at = pair.serve(InetAddress.getLoopbackAddress(), null, serverTls);
      try (TcpRelay relay = TcpRelay.to(at)) {
        var channel =
            pair.connect(
                relay.address(),
                new LivenessHandler(
                    options, ctx -> heard, LivenessMeters.NONE, ConnectionRole.CLIENT),
                clientTls);
        await().until(() -> heard.events.contains("ready"));
        Http2Pair.call(channel);
        relay.stall();
        await().until(() -> heard.events.contains("suspect PROBE_MISSED"));
        relay.heal();
        await().until(() -> heard.events.contains("proven"));
        assertThat(heard.events).containsExactly("ready", "suspect PROBE_MISSED", "proven");
        assertThat(pair.strayPings).isEmpty();
        assertThat(pair.failures).isEmpty();
      }
    }
  }
}
