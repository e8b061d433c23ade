package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ServerCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  private static final String PASSWORD = "only-for-this-test";

  private final Town town = new Town();
  private HoldfastServer server;
  @TempDir private Path folder;

  @BeforeEach
  void serveWithTls() throws Exception {
    Path certificate = certificateFor("words");
    ServerCredentials credentials =
        TlsServerCredentials.create(certificate.toFile(), folder.resolve("words.key").toFile());
    server =
        town.serve(
            new Words("secret"),
            HoldfastServerBuilder.forAddress(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), credentials)
                .registries(town.registries));
  }

  @AfterEach
  void close() {
    town.close();
  }

  @Test
  void theNameOfTheServiceIsWhatTheCertificateMustProve() throws Exception {
    ManagedChannel channel = town.channel(trusting(folder.resolve("words.crt")));
    assertThat(Town.call(channel, Words.GET)).isEqualTo("secret");
  }

  @Test
  void aCertificateForAnotherNameIsRefused() throws Exception {
    ManagedChannel channel =
        town.channel(
            trusting(folder.resolve("words.crt"))
                .overrideAuthority("payments")
                .retryIdempotent(false));
    assertThatThrownBy(() -> Town.call(channel, Words.GET)).hasMessageContaining("UNAVAILABLE");
  }

  @Test
  void theFirstCallAfterASilentDropSucceedsOverTlsToo() throws Exception {
    LivenessOptions quick = LivenessOptions.DEFAULT.withSafeIdle(Duration.ofSeconds(1));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      ManagedChannel channel =
          town.channel(
              HoldfastChannelBuilder.forTarget(
                      new HostPort("127.0.0.1", path.port()).toString(),
                      TlsChannelCredentials.newBuilder()
                          .trustManager(folder.resolve("words.crt").toFile())
                          .build(),
                      town.registries)
                  .overrideAuthority("words")
                  .retryIdempotent(false)
                  .liveness(quick));
      assertThat(Town.call(channel, Words.PLACE)).isEqualTo("secret");
      path.forgetFlows();
      long quietNanos = System.nanoTime();
      await().until(() -> System.nanoTime() - quietNanos > 2 * quick.safeIdle().toNanos());
      assertThat(Town.call(channel, Words.PLACE)).isEqualTo("secret");
      assertThat(path.counts().opened()).isEqualTo(2);
    }
  }

  private HoldfastChannelBuilder trusting(Path certificate) throws IOException {
    ChannelCredentials credentials =
        TlsChannelCredentials.newBuilder().trustManager(certificate.toFile()).build();
    return HoldfastChannelBuilder.forTarget(Town.TARGET, credentials, town.registries);
  }

  /** Made by the JDK's keytool, so that nothing else has to be installed. */
  private Path certificateFor(String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-validity",
                "2",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:" + name,
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
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    write(name + ".key", "PRIVATE KEY", keys.getKey(name, PASSWORD.toCharArray()).getEncoded());
    return write(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded());
  }

  private Path write(String file, String type, byte[] der) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        folder.resolve(file),
        "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
  }
}
