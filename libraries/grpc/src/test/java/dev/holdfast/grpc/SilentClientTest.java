package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.PathProfile;
import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a server does about clients that are silent, gone or rude; stock clients, real sockets. */
class SilentClientTest {
  private static final int MANY_PINGS = 20;
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPatience(Duration.ofSeconds(6), Duration.ofSeconds(8));

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<ClientGone> gone = new CopyOnWriteArrayList<>();
  private final List<Channel> sockets = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aClientThatVanishedIsReportedWithTheReasonAndNotBefore() throws Exception {
    HoldfastServer server = serve(loopbackTopology.server().liveness(QUICK));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      ManagedChannel client = stock(path.port());
      HeldStream held = HeldStream.follow(client, "deaf");
      await().until(() -> held.heard().contains("a"));
      await().pollDelay(QUICK.idle().multipliedBy(3)).until(gone::isEmpty);
      path.forgetFlows();
      await().atMost(Duration.ofSeconds(40)).until(() -> gone.size() == 1);
      assertThat(gone.get(0).reason()).isEqualTo(CloseReason.PEER_SILENT);
    }
  }

  @Test
  void aClientThatSendsGoAwayIsReportedAtOnce() throws Exception {
    HoldfastServer server = serve(loopbackTopology.server());
    ManagedChannel client = stock(server.getPort());
    assertThat(LoopbackTopology.call(client, WordsService.GET)).isEqualTo("a");
    client.shutdown();
    await().until(() -> gone.size() == 1);
    assertThat(gone.get(0).reason()).isEqualTo(CloseReason.CLOSED_BY_PEER);
    assertThat(gone.get(0).remoteAddress().toString()).contains("127.0.0.1");
  }

  @Test
  void aListenerThatFailsDoesNotHideTheEventFromTheOthers() throws Exception {
    HoldfastServer server =
        serve(
            loopbackTopology
                .server()
                .onClientGone(
                    event -> {
                      throw new IllegalStateException("a listener of the application");
                    }));
    ManagedChannel client = stock(server.getPort());
    assertThat(LoopbackTopology.call(client, WordsService.GET)).isEqualTo("a");
    client.shutdown();
    await().until(() -> gone.size() == 1);
  }

  @Test
  void aClientThatPingsWithoutEndIsStillAnAbuserOnAKnownPath() throws Exception {
    ManagedChannel client = stock(serve(loopbackTopology.server().path(PathProfile.NLB)).getPort());
    Channel socket = pingMany(client);
    await().until(() -> !socket.isActive());
  }

  @Test
  void whatTheApplicationPermitsCountsMoreThanThePath() throws Exception {
    HoldfastServer server =
        serve(
            loopbackTopology
                .server()
                .permitKeepAliveTime(0, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .path(PathProfile.NLB));
    ManagedChannel client = stock(server.getPort());
    Channel socket = pingMany(client);
    // The answer comes after what the server thinks of the pings before it.
    assertThat(LoopbackTopology.call(client, WordsService.GET)).isEqualTo("a");
    assertThat(socket.isActive()).isTrue();
  }

  @Test
  void aServerWithoutLivenessIsOneOfGrpc() throws Exception {
    HoldfastServer server = serve(loopbackTopology.server().withoutLiveness());
    ManagedChannel client = stock(server.getPort());
    assertThat(LoopbackTopology.call(client, WordsService.GET)).isEqualTo("a");
    assertThat(loopbackTopology.meters.find("holdfast.liveness.connections").gauges()).isEmpty();
  }

  private Channel pingMany(ManagedChannel client) {
    assertThat(LoopbackTopology.call(client, WordsService.GET)).isEqualTo("a");
    Channel socket = sockets.get(0);
    for (int i = 0; i < MANY_PINGS; i++) {
      socket.eventLoop().execute(() -> ping(socket));
    }
    return socket;
  }

  private static void ping(Channel socket) {
    GrpcHttp2ConnectionHandler http2 = socket.pipeline().get(GrpcHttp2ConnectionHandler.class);
    if (http2 != null) {
      ChannelHandlerContext at = socket.pipeline().context(http2);
      var unused = http2.encoder().writePing(at, false, 0, at.newPromise());
      at.flush();
    }
  }

  private HoldfastServer serve(HoldfastServerBuilder builder) throws Exception {
    return loopbackTopology.serveUnregistered(
        new WordsService("a"), builder.onClientGone(gone::add));
  }

  private ManagedChannel stock(int port) {
    EventLoops loops = EventLoops.shared();
    return loopbackTopology.keep(
        NettyChannelBuilder.forTarget(
                new HostPort("127.0.0.1", port).toString(), InsecureChannelCredentials.create())
            .eventLoopGroup(loops.workers())
            .channelFactory(
                () -> {
                  Channel socket = loops.newClientChannel();
                  sockets.add(socket);
                  return socket;
                })
            .build());
  }
}
