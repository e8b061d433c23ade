package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.ControlOptions.ServerTlsFiles;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.testkit.TestCertificate;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of TLS are replaced while streams are open, as every authority does it in the end. */
class ServerTlsReloadTest {
  @TempDir Path folder;
  private final Looks looks = new Looks();
  private final List<RawClient> opened = new ArrayList<>();
  private TestCertificate first;
  private TestCertificate second;
  private Path certificate;
  private Path key;
  private Path authority;
  private BareServer server;

  @BeforeEach
  void open() throws Exception {
    first = TestCertificate.create(Files.createDirectories(folder.resolve("1")), "control");
    second = TestCertificate.create(Files.createDirectories(folder.resolve("2")), "control");
    certificate = folder.resolve("tls.crt");
    key = folder.resolve("tls.key");
    authority = folder.resolve("clients.crt");
    install(first, first);
    server =
        new BareServer(
            ServerTlsCredentials.of(
                new ServerTlsFiles(certificate, key, Optional.of(authority)), looks));
    server.put("orders", "10.0.0.1:50051");
  }

  @AfterEach
  void close() {
    opened.forEach(RawClient::close);
    server.close();
  }

  /** Other files in the places of those that are there. */
  private void install(TestCertificate own, TestCertificate clients) throws IOException {
    copy(own.certificate(), certificate);
    copy(own.key(), key);
    copy(clients.certificate(), authority);
  }

  private static void copy(File from, Path to) throws IOException {
    Files.copy(from.toPath(), to, StandardCopyOption.REPLACE_EXISTING);
  }

  private RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream(
      TestCertificate trusted, TestCertificate own) throws IOException {
    RawClient client =
        new RawClient(
            NettyChannelBuilder.forAddress(
                    server.address(),
                    TlsChannelCredentials.newBuilder()
                        .trustManager(trusted.certificate())
                        .keyManager(own.certificate(), own.key())
                        .build())
                .overrideAuthority("control")
                .build());
    opened.add(client);
    RawClient.Stream<DiscoveryRequest, DiscoveryResponse> stream = client.sotw();
    stream.send(RawClient.asking(ResourceType.ENDPOINTS, "orders"));
    return stream;
  }

  @Test
  void newConnectionsMeetTheNewFilesAndOpenStreamsGoOn() throws Exception {
    var open = stream(first, first);
    assertThat(RawClient.ports(open.await(0))).containsExactly(50051);
    open.send(RawClient.accepting(open.await(0), "orders"));
    install(second, second);
    looks.look();

    assertThat(RawClient.ports(stream(second, second).await(0))).containsExactly(50051);
    assertThat(stream(first, second).awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(stream(second, first).awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    server.put("orders", "10.0.0.2:50052");
    assertThat(RawClient.ports(open.await(1))).containsExactly(50052);
  }

  @Test
  void filesThatCannotBeUsedLeaveWhatThereIs() throws Exception {
    Files.writeString(certificate, "half a certif");
    Files.writeString(authority, "");
    looks.look();
    assertThat(RawClient.ports(stream(first, first).await(0))).containsExactly(50051);

    // The key that belongs to it comes later.
    copy(second.certificate(), certificate);
    Files.delete(authority);
    looks.look();
    assertThat(RawClient.ports(stream(first, first).await(0))).containsExactly(50051);

    install(second, second);
    looks.look();
    assertThat(RawClient.ports(stream(second, second).await(0))).containsExactly(50051);
  }

  /** Checks the files when the test says so. */
  private static final class Looks extends ScheduledThreadPoolExecutor {
    private final List<Runnable> regular = new ArrayList<>();

    Looks() {
      super(1);
    }

    void look() {
      regular.forEach(Runnable::run);
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
        Runnable look, long initialDelay, long delay, TimeUnit unit) {
      regular.add(look);
      return schedule(() -> {}, 0, unit);
    }
  }
}
