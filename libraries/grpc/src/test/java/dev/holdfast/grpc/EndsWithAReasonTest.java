package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The caller learns the code that stands in the log and in the meter. */
class EndsWithAReasonTest {
  private static final byte[] PREFACE_AND_SETTINGS =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] GOAWAY = {0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aServerThatClosesWithoutAWordIsNamedInTheStatus() throws Exception {
    int port =
        loopbackTopology
            .serveUnregistered(new WordsService("a"), loopbackTopology.server())
            .getPort();
    try (Middlebox path = Middlebox.toPort(port).start();
        MiddleboxClient user =
            new MiddleboxClient("closed", path.port(), LivenessOptions.DEFAULT)) {
      user.follow("deaf");
      await().until(() -> user.words.contains("a"));
      path.faults(
          PathFaults.builder()
              .idle(Duration.ofMillis(200), IdleAction.CLOSE, CountedTraffic.BYTES)
              .build());
      await().until(() -> user.words.size() == 2);
      assertThat(user.words.get(1)).contains("UNAVAILABLE", "description=HF-410");
      // The channel connects again, and that connection is closed as well.
      await().until(() -> user.lost() >= 1);
    }
  }

  @Test
  void aPeerThatNeverAnswersTlsIsNamedInTheStatus() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      register(mute);
      ManagedChannel channel =
          loopbackTopology.channel(
              HoldfastChannelBuilder.forTarget(
                      LoopbackTopology.TARGET,
                      TlsChannelCredentials.create(),
                      loopbackTopology.registries)
                  .liveness(LivenessOptions.DEFAULT.withConnectWithin(Duration.ofMillis(500))));
      assertThatThrownBy(() -> LoopbackTopology.call(channel, WordsService.PLACE))
          .hasMessageStartingWith("UNAVAILABLE: HF-401");
    }
  }

  @Test
  void aConnectionThatEndsBeforeSettingsIsNamedInTheStatus() throws Exception {
    try (ServerSocket rude = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      register(rude);
      Thread acceptor =
          new Thread(
              () -> {
                while (!rude.isClosed()) {
                  resetNext(rude);
                }
              },
              "rude");
      acceptor.setDaemon(true);
      acceptor.start();
      ManagedChannel channel = loopbackTopology.channel(loopbackTopology.builder());
      assertThatThrownBy(() -> LoopbackTopology.call(channel, WordsService.PLACE))
          .hasMessageMatching("(?s)UNAVAILABLE: HF-4(09|10) .*");
    }
  }

  @Test
  void aClientThatSentGoAwayAndResetsHasClosed() throws Exception {
    assertThat(endOfAClientThatResetsAfter(GOAWAY)).isEqualTo(CloseReason.CLOSED_BY_PEER);
  }

  @Test
  void aClientThatResetsWithoutAWordWasReset() throws Exception {
    assertThat(endOfAClientThatResetsAfter(new byte[0])).isEqualTo(CloseReason.RESET_BY_PATH);
  }

  private CloseReason endOfAClientThatResetsAfter(byte[] lastWords) throws Exception {
    List<ClientGone> gone = new CopyOnWriteArrayList<>();
    List<String> seen = new CopyOnWriteArrayList<>();
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), loopbackTopology.server().onClientGone(gone::add));
    EventLoops loops = EventLoops.shared();
    Channel client =
        new Bootstrap()
            .group(loops.workers())
            .channelFactory(loops::newClientChannel)
            .option(ChannelOption.SO_LINGER, 0)
            .handler(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelReadComplete(ChannelHandlerContext ctx) {
                    seen.add("bytes");
                  }
                })
            .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()))
            .syncUninterruptibly()
            .channel();
    client.writeAndFlush(Unpooled.wrappedBuffer(PREFACE_AND_SETTINGS)).syncUninterruptibly();
    // The server's SETTINGS and its answer to ours.
    await().until(() -> !seen.isEmpty());
    client.writeAndFlush(Unpooled.wrappedBuffer(lastWords)).syncUninterruptibly();
    await().pollDelay(Duration.ofMillis(300)).until(() -> true);
    client.close().syncUninterruptibly();
    await().until(() -> gone.size() == 1);
    return gone.get(0).reason();
  }

  private void register(ServerSocket socket) {
    loopbackTopology.store.put(
        LoopbackTopology.WORDS,
        Endpoint.of(new HostPort("127.0.0.1", socket.getLocalPort()).toString()));
  }

  private static void resetNext(ServerSocket acceptor) {
    try (Socket accepted = acceptor.accept()) {
      accepted.setSoLinger(true, 0);
      // Something has come, so that the connection is more than a refusal.
      int unused = accepted.getInputStream().read();
    } catch (IOException e) {
      // The acceptor was closed, which ends the loop.
      return;
    }
  }
}
