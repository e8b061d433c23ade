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
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private TestCertificate certificate;
  @TempDir private Path folder;

  @BeforeEach
  void serveWithTls() throws Exception {
    certificate = TestCertificate.create(folder, "words");
    loopbackTopology.serve(
        new WordsService("secret"),
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                TlsServerCredentials.create(certificate.certificate(), certificate.key()))
            .registries(loopbackTopology.registries));
  }

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void theNameOfTheServiceIsWhatTheCertificateMustProve() throws Exception {
    ManagedChannel channel = loopbackTopology.channel(trusting());
    assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("secret");
  }

  @Test
  void aCertificateForAnotherNameIsRefused() throws Exception {
    ManagedChannel channel =
        loopbackTopology.channel(trusting().overrideAuthority("payments").retryIdempotent(false));
    assertThatThrownBy(() -> LoopbackTopology.call(channel, WordsService.GET))
        .hasMessageContaining("UNAVAILABLE");
  }

  private HoldfastChannelBuilder trusting() throws IOException {
    return HoldfastChannelBuilder.forTarget(
        LoopbackTopology.TARGET,
        TlsChannelCredentials.newBuilder().trustManager(certificate.certificate()).build(),
        loopbackTopology.registries);
  }
}
