package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.liveness.Http2Pair.Heard;
import dev.holdfast.liveness.LivenessOptions.TcpOptions;
import io.netty.channel.Channel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.netty.channel.socket.nio.NioChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;

/** What the handler sets on real sockets. */
class SocketOptionsTest {
  private static final TcpOptions TCP =
      new TcpOptions(Duration.ofSeconds(7), Duration.ofSeconds(3), 5, Duration.ofSeconds(42));

  private final Heard client = new Heard();

  @Test
  void theSocketHasItsOptionsOverEpollWhateverGrpcSetBefore() {
    try (Http2Pair pair = new Http2Pair(true)) {
      EpollSocketChannelConfig config = (EpollSocketChannelConfig) connect(pair).config();
      await().until(config::isKeepAlive);
      assertThat(
              List.of(
                  config.getTcpKeepIdle(),
                  config.getTcpKeepIntvl(),
                  config.getTcpKeepCnt(),
                  config.getTcpUserTimeout()))
          .containsExactly(7, 3, 5, 42_000);
    }
  }

  @Test
  void theSocketHasKeepaliveOverNio() {
    try (Http2Pair pair = new Http2Pair(false)) {
      Channel channel = connect(pair);
      await().until(() -> client.events.contains("ready"));
      assertThat(
              channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE)))
          .isEqualTo(7);
      assertThat(
              channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT)))
          .isEqualTo(5);
    }
  }

  @Test
  void keepaliveAloneSetsNoUserTimeout() {
    Epoll.ensureAvailability();
    EpollSocketChannel channel = new EpollSocketChannel();
    try {
      TcpKeepalive.set(channel, TCP);
      EpollSocketChannelConfig config = channel.config();
      assertThat(config.isKeepAlive()).isTrue();
      assertThat(
              List.of(
                  config.getTcpKeepIdle(),
                  config.getTcpKeepIntvl(),
                  config.getTcpKeepCnt(),
                  config.getTcpUserTimeout()))
          .containsExactly(7, 3, 5, 0);
    } finally {
      channel.unsafe().closeForcibly();
    }
  }

  private Channel connect(Http2Pair pair) {
    InetSocketAddress at = pair.serve(InetAddress.getLoopbackAddress(), null, null);
    LivenessOptions options = LivenessOptions.DEFAULT.withTcp(TCP);
    return pair.connect(
        at,
        new LivenessHandler(options, ctx -> client, LivenessMeters.NONE, ConnectionRole.CLIENT),
        null);
  }
}
