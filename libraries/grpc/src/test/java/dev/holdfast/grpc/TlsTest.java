package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.testkit.TestCertificate;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

// Made before each test.
@SuppressWarnings("NullAway.Init")
class TlsTest {
  private final Town town = new Town();
  private TestCertificate certificate;
  @TempDir private Path folder;

  @BeforeEach
  void serveWithTls() throws Exception {
    certificate = TestCertificate.create(folder, "words");
    town.serve(
        new Words("secret"),
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                TlsServerCredentials.create(certificate.certificate(), certificate.key()))
            .registries(town.registries));
  }

  @AfterEach
  void close() {
    town.close();
  }

  @Test
  void theNameOfTheServiceIsWhatTheCertificateMustProve() throws Exception {
    ManagedChannel channel = town.channel(trusting());
    assertThat(Town.call(channel, Words.GET)).isEqualTo("secret");
  }

  @Test
  void aCertificateForAnotherNameIsRefused() throws Exception {
    ManagedChannel channel =
        town.channel(trusting().overrideAuthority("payments").retryIdempotent(false));
    assertThatThrownBy(() -> Town.call(channel, Words.GET)).hasMessageContaining("UNAVAILABLE");
  }

  private HoldfastChannelBuilder trusting() throws IOException {
    return HoldfastChannelBuilder.forTarget(
        Town.TARGET,
        TlsChannelCredentials.newBuilder().trustManager(certificate.certificate()).build(),
        town.registries);
  }
}
