package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** How connections over TLS end that the gateway closes: see also {@link LingeringCloseTest}. */
class CloseNotifyTest {
  private static final EventLoopGroup LOOP =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("client", true), NioIoHandler.newFactory());

  @AfterAll
  static void stop() {
    LOOP.shutdownGracefully().awaitUninterruptibly();
  }

  /**
   * Without a close_notify an attacker that cuts the connection can truncate the response (RFC
   * 8446, 6.1).
   */
  @Test
  void theEndOfTlsIsSaidBeforeThatOfTheSocket() throws Exception {
    String early =
        FrontendRig.lines(
            "POST /nothing HTTP/1.1",
            "host: x",
            "content-type: application/json",
            "content-length: 9");
    String last = FrontendRig.lines("GET /v1/hello/x HTTP/1.1", "host: x", "connection: close");
    try (AttackedHttpGateway attacked =
        new AttackedHttpGateway(GatewayLimits.DEFAULT, Transport.TLS)) {
      for (String request : List.of(early, last)) {
        SslHandler tls = (SslHandler) Transport.TLS.handler("http/1.1");
        Channel client =
            new Bootstrap()
                .group(LOOP)
                .channel(NioSocketChannel.class)
                .handler(tls)
                .connect(Transport.TLS.address(attacked.frontends.gateway))
                .syncUninterruptibly()
                .channel();
        var unused =
            client.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
        client.closeFuture().syncUninterruptibly();
        assertThat(tls.sslCloseFuture().isSuccess()).as(request).isTrue();
      }
    }
  }
}
