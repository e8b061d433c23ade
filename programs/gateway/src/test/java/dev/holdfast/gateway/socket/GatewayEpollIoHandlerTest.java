package dev.holdfast.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A socket of which nothing is wanted for a while. */
class GatewayEpollIoHandlerTest {
  private static final long PATIENCE_SECONDS = 60;

  private final IoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, GatewayEpollIoHandler.newFactory());

  @AfterEach
  void close() {
    loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void isHeardAgainWhenSomethingIsWanted() throws Exception {
    FileDescriptor[] pipe = FileDescriptor.pipe();
    CompletableFuture<Boolean> heard = new CompletableFuture<>();
    IoRegistration registration =
        loop.register(new Reader(pipe[0], heard)).syncUninterruptibly().getNow();
    assertThat(registration.submit(EpollIoOps.EPOLLIN)).isPositive();
    assertThat(registration.submit(EpollIoOps.NONE)).isNotNegative();
    // Netty 4.2.18 alone throws ENOENT from here on.
    assertThat(registration.submit(EpollIoOps.EPOLLIN)).isPositive();
    pipe[1].write(ByteBuffer.allocateDirect(1), 0, 1);
    assertThat(heard.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    registration.cancel();
    pipe[0].close();
    pipe[1].close();
  }

  private record Reader(FileDescriptor fd, CompletableFuture<Boolean> heard)
      implements EpollIoHandle {
    @Override
    public void handle(IoRegistration registration, IoEvent event) {
      heard.complete(true);
    }

    @Override
    public void close() {
      heard.cancel(false);
    }
  }
}
