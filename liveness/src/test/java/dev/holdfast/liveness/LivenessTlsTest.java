package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.Http2Pair.Heard;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The watch below TLS, where it sees ciphertext only. */
class LivenessTlsTest {
  private static final String PASSWORD = "secret";

  @TempDir Path folder;

  @Test
  void aTlsConnectionIsProbedSuspectedAndForgiven() throws Exception {
    KeyStore keys = keys();
    X509Certificate certificate = (X509Certificate) keys.getCertificate("lab");
    PrivateKey key = (PrivateKey) keys.getKey("lab", PASSWORD.toCharArray());
    SslContext serverTls = SslContextBuilder.forServer(key, certificate).build();
    SslContext clientTls =
        SslContextBuilder.forClient()
            .trustManager(certificate)
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
                new LivenessHandler(options, ctx -> heard, LivenessMeters.NONE, Role.CLIENT),
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

  /** Made by the JDK's keytool, so that nothing else has to be installed. */
  private KeyStore keys() throws Exception {
    Path store = folder.resolve("lab.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "lab",
                "-keyalg",
                "EC",
                "-validity",
                "2",
                "-dname",
                "CN=lab",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(output).isZero();
    return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
  }
}
