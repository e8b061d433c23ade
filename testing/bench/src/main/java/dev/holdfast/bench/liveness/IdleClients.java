package dev.holdfast.bench.liveness;

import dev.holdfast.bench.run.Machine;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import javax.management.JMException;

/**
 * The idle HTTP/2 connections, which only answer PINGs. They use no gRPC, whose channels would hide
 * the cost of a connection. Each may carry the liveness check of a Holdfast client.
 */
final class IdleClients {
  /** The line that the child prints when all connections have received the server's SETTINGS. */
  static final String CONNECTED = "CONNECTED";

  /** The command for the number of open connections, and the word before the answer. */
  static final String OPEN = "OPEN";

  /** The command for the number of PINGs received so far, and the word before the answer. */
  static final String PINGS = "PINGS";

  private static final int CONNECTING_AT_ONCE = 200;

  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder pings = new LongAdder();
  private final Semaphore connecting = new Semaphore(CONNECTING_AT_ONCE);
  private final Bootstrap bootstrap;
  private final boolean watched;

  private IdleClients(boolean watched) {
    this.watched = watched;
    IoHandlerFactory io =
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(Machine.cores(), io);
    bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    prepare(channel);
                  }
                });
  }

  /** The program: {@code PORT CONNECTIONS WATCHED}. */
  public static void main(String[] args) throws Exception {
    IdleClients clients = new IdleClients(Boolean.parseBoolean(args[2]));
    ParentLine parent = new ParentLine();
    parent.say("%s %d", IdleServer.HEAP, Machine.settledHeapBytes());
    if (!parent.next().isEmpty()) {
      clients.connect(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
      parent.say("%s", CONNECTED);
      for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
        parent.say("%s %d", asked, clients.answer(asked));
      }
    }
    System.exit(0);
  }

  private long answer(String asked) throws InterruptedException, JMException {
    return switch (asked) {
      case OPEN -> open.get();
      case PINGS -> pings.sum();
      default -> Machine.settledHeapBytes();
    };
  }

  private void connect(int port, int connections) throws IOException, InterruptedException {
    InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    for (int i = 0; i < connections; i++) {
      connecting.acquire();
      var unused =
          bootstrap
              .connect(server)
              .addListener(
                  connected -> {
                    if (!connected.isSuccess()) {
                      // The parent sees one connection too few.
                      connecting.release();
                    }
                  });
    }
    connecting.acquire(CONNECTING_AT_ONCE);
  }

  private void prepare(Channel channel) {
    if (watched) {
      channel
          .pipeline()
          .addLast(
              new LivenessHandler(
                  LivenessOptions.DEFAULT,
                  unused -> ConnectionObserver.NONE,
                  LivenessMeters.NONE,
                  ConnectionRole.CLIENT));
    }
    channel.pipeline().addLast(Http2FrameCodecBuilder.forClient().build(), new Settled());
  }

  /** Waits for the server's SETTINGS, and counts. */
  private final class Settled extends ChannelInboundHandlerAdapter {
    private boolean settled;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
      if (frame instanceof Http2SettingsFrame && !settled) {
        settled = true;
        open.incrementAndGet();
        connecting.release();
      } else if (frame instanceof Http2PingFrame ping && !ping.ack()) {
        pings.increment();
      }
      ReferenceCountUtil.release(frame);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (settled) {
        open.decrementAndGet();
      }
    }
  }
}
