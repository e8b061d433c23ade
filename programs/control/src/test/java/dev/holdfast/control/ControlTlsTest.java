package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.control.ControlOptions.ServerTlsFiles;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.testkit.TestCertificate;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients are served over TLS, and only those that show a certificate where one is asked for. */
class ControlTlsTest {
  @TempDir Path folder;
  private ControlPlaneFixture topology;
  private TestCertificate server;
  private TestCertificate client;

  @BeforeEach
  void open() throws Exception {
    topology = new ControlPlaneFixture(folder);
    topology.list("orders", "10.0.0.1:50051");
    server = TestCertificate.create(folder, "control");
    client = TestCertificate.create(folder, "client");
  }

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void aClientWithACertificateIsServedAndOneWithoutIsNot() throws Exception {
    ControlPlane control =
        topology.control(
            new PlainResources(),
            ControlPlaneFixture.anywhere()
                .withTls(
                    new ServerTlsFiles(
                        server.certificate().toPath(),
                        server.key().toPath(),
                        Optional.of(client.certificate().toPath()))));
    TlsChannelCredentials.Builder known =
        TlsChannelCredentials.newBuilder()
            .trustManager(server.certificate())
            .keyManager(client.certificate(), client.key());
    TlsChannelCredentials.Builder unknown =
        TlsChannelCredentials.newBuilder().trustManager(server.certificate());

    assertThat(RawClient.ports(stream(control, known).await(0))).containsExactly(50051);
    assertThat(stream(control, unknown).awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  private RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream(
      ControlPlane control, TlsChannelCredentials.Builder credentials) {
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream =
        topology
            .own(
                new RawClient(
                    NettyChannelBuilder.forAddress(control.address(), credentials.build())
                        .overrideAuthority("control")
                        .build()))
            .sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    return stream;
  }

  @Test
  void aFileThatIsNotThereIsNamed() throws IOException {
    Path missing = folder.resolve("missing.key");
    ServerTlsFiles files =
        new ServerTlsFiles(server.certificate().toPath(), missing, Optional.empty());
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                topology.control(
                    new PlainResources(), ControlPlaneFixture.anywhere().withTls(files)))
        .withMessageContaining("missing.key");
  }
}
