package dev.holdfast.grpc.internal.pairing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.grpc.internal.transport.EventLoops;
import io.grpc.Status;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class RefusedConnectionTest {
  private static final int ETIMEDOUT_NEGATIVE = -110;

  @Test
  void aPortWhereNobodyListensRefusesOnEveryKindOfSocket() throws Exception {
    for (EventLoops loops : new EventLoops[] {EventLoops.shared(), EventLoops.nio()}) {
      String kind = loops == EventLoops.nio() ? "nio" : "the best here";
      assertThat(RefusedConnection.isIn(failed(connectToNobody(loops)))).as(kind).isTrue();
    }
  }

  @Test
  void whatTheKernelSaysOfOtherFailuresIsNone() throws IOException {
    assumeTrue(Epoll.isAvailable(), "epoll alone has these");
    String late = RefusedConnection.wordsOf(ETIMEDOUT_NEGATIVE);
    assertThat(late).isNotEqualTo(RefusedConnection.wordsOf(Errors.ERROR_ECONNREFUSED_NEGATIVE));
    assertThat(
            RefusedConnection.isIn(
                failed(new ConnectException("finishConnect(..) failed: " + late))))
        .isFalse();
    assertThat(RefusedConnection.isIn(failed(new IOException("Connection refused")))).isFalse();
    assertThat(RefusedConnection.isIn(Status.UNAVAILABLE)).isFalse();
  }

  /** The port is somebody's, so that nobody else can begin to listen there meanwhile. */
  private static Throwable connectToNobody(EventLoops loops) throws Exception {
    try (Socket bound = new Socket()) {
      bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      ChannelFuture attempt =
          new Bootstrap()
              .group(loops.workers())
              .channelFactory(loops::newClientChannel)
              .handler(new ChannelInboundHandlerAdapter())
              .connect(bound.getLocalSocketAddress())
              .awaitUninterruptibly();
      assertThat(attempt.isSuccess()).isFalse();
      return attempt.cause();
    }
  }

  private static Status failed(Throwable cause) {
    return Status.UNAVAILABLE.withDescription("io exception").withCause(cause);
  }
}
