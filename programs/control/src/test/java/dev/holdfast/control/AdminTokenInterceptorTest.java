package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.MetadataUtils;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminTokenInterceptorTest {
  private static final String TOKEN = "a-token-of-this-test";
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir private Path directory;

  @Test
  void readerWithoutTheTokenLearnsNothing() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), TOKEN + "\n");
    Server server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .intercept(new AdminTokenInterceptor(file))
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                server.getListenSockets().get(0), InsecureChannelCredentials.create())
            .build();
    try {
      for (String wrong : new String[] {"", "Bearer", "Bearer ", TOKEN, "Bearer " + TOKEN + "x"}) {
        assertThatThrownBy(() -> check(channel, wrong))
            .as(wrong)
            .hasMessageStartingWith("UNAUTHENTICATED: token: wrong or none");
      }
      assertThat(check(channel, "Bearer " + TOKEN)).isEqualTo("SERVING");
      Files.delete(file);
      assertThatThrownBy(() -> check(channel, "Bearer " + TOKEN))
          .hasMessageStartingWith("UNAVAILABLE: the token file can't be read");
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  @Test
  void addressThatEveryoneReachesNeedsAToken() {
    InetSocketAddress any = new InetSocketAddress("0.0.0.0", 0);
    assertThatThrownBy(() -> ControlOptions.DEFAULT.withAdmin(any))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("beyond loopback without a token");
    Path file = directory.resolve("token");
    assertThat(ControlOptions.DEFAULT.withAdmin(any, Optional.of(file)).adminToken())
        .contains(file);
  }

  private static String check(ManagedChannel channel, String authorization) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, authorization);
    return HealthGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus()
        .name();
  }
}
