package dev.holdfast.gateway.listener;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.tls.TlsServer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Protocol detection on a connection at a layer 4 listener. Hands it to HTTP/2, whose streams are
 * balanced as on other listeners, to TLS, or to the TCP proxy. Confined to its event loop.
 */
final class L4ProtocolDetector {
  /** The longest wait for first bytes: in some protocols the server speaks first. */
  @Limit(
      of = "time in which the first bytes of a connection at an l4 listener tell its protocol",
      then = "it goes to the listener's cluster as it is")
  static final Duration PEEK = Duration.ofMillis(200);

  private final Channel channel;
  private final L4Options terms;
  private final ForwardingLoop loop;
  private final L4Refusals refusals;
  private final TerminationHandlers terminationHandlers;
  private final List<ScheduledFuture<?>> timers = new ArrayList<>(2);
  private boolean over;

  /**
   * The handlers of a connection that is not passed through.
   *
   * @param http2 takes a connection with HTTP/2
   * @param secure terminates TLS and detects the protocol inside; null when TLS is terminated
   *     already, or the listener has no certificate
   */
  public record TerminationHandlers(Runnable http2, @Nullable Runnable secure) {}

  private L4ProtocolDetector(
      Channel channel,
      L4Options terms,
      ForwardingLoop loop,
      L4Refusals refusals,
      TerminationHandlers terminationHandlers) {
    this.channel = channel;
    this.terms = terms;
    this.loop = loop;
    this.refusals = refusals;
    this.terminationHandlers = terminationHandlers;
  }

  /** Begins detection on an accepted connection, or on one whose TLS was terminated. */
  public static void open(
      Channel channel,
      L4Options terms,
      ForwardingLoop loop,
      L4Refusals refusals,
      TerminationHandlers terminationHandlers) {
    new L4ProtocolDetector(channel, terms, loop, refusals, terminationHandlers).open();
  }

  private void open() {
    TcpProxySide.readInChunks(channel);
    FirstBytesDecoder firstBytesDecoder = new FirstBytesDecoder();
    channel.pipeline().addLast(firstBytesDecoder);
    after(PEEK, () -> onSilence(firstBytesDecoder));
    after(loop.snapshot().limits().handshake(), this::onSlow);
  }

  private void after(Duration time, Runnable task) {
    timers.add(channel.eventLoop().schedule(task, time.toNanos(), TimeUnit.NANOSECONDS));
  }

  private void end() {
    over = true;
    timers.forEach(each -> each.cancel(false));
  }

  private void refuse(L4CloseReason why, String detail) {
    if (!over) {
      end();
      refusals.refuse(channel, loop, why, detail);
    }
  }

  private void proxyTo(String cluster) {
    end();
    TcpProxyConnection.open(channel, loop, cluster, terms.announce(), refusals);
  }

  /**
   * Passes a connection through to the cluster for any protocol; refuses it if the listener has
   * none.
   */
  private void proxyOther() {
    if (terms.cluster().isPresent()) {
      proxyTo(terms.cluster().get());
    } else {
      refuse(L4CloseReason.NO_CLUSTER, "neither HTTP/2 nor TLS for one of the names");
    }
  }

  private void onSilence(FirstBytesDecoder firstBytesDecoder) {
    if (!over
        && !firstBytesDecoder.decided
        && terminationHandlers.secure() == null
        && terms.cluster().isPresent()) {
      firstBytesDecoder.decided = true;
      proxyOther();
      channel.pipeline().remove(firstBytesDecoder);
    }
  }

  private void onSlow() {
    if (!over) {
      loop.meters().met(MetLimit.HANDSHAKE);
      refuse(L4CloseReason.SLOW, "too few bytes to detect the protocol");
    }
  }

  /** The detection of the protocol from the first bytes. */
  private final class FirstBytesDecoder extends ByteToMessageDecoder {
    private boolean decided;

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      DetectedProtocol first = DetectedProtocol.of(in);
      if (decided || first == DetectedProtocol.UNDECIDED) {
        return;
      }
      decided = true;
      Runnable secure = terminationHandlers.secure();
      boolean detectsTls = secure != null || !terms.sni().isEmpty();
      if (first == DetectedProtocol.TLS && detectsTls) {
        ctx.pipeline().addLast(new ServerNameReader());
      } else if (secure != null) {
        in.skipBytes(in.readableBytes());
        refuse(
            L4CloseReason.PLAINTEXT, "no TLS (expected: TLS, as the listener has a certificate)");
        return;
      } else if (first == DetectedProtocol.HTTP2) {
        end();
        terminationHandlers.http2().run();
      } else {
        proxyOther();
      }
      if (ctx.channel().isOpen()) {
        ctx.pipeline().remove(this);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      end();
      super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // A client that is gone before it said anything; nobody is left to be told.
      end();
      var unused = ctx.close();
    }
  }

  /**
   * The reader of the server name (SNI) in the ClientHello; it leaves the bytes unchanged for the
   * next handler.
   */
  private final class ServerNameReader extends AbstractSniHandler<String> {
    ServerNameReader() {
      super(TlsServer.MAX_HELLO_BYTES, 0);
    }

    @Override
    protected Future<String> lookup(ChannelHandlerContext ctx, @Nullable String name) {
      return ctx.executor().newSucceededFuture(name == null ? "" : name);
    }

    @Override
    protected void onLookupComplete(
        ChannelHandlerContext ctx, @Nullable String name, Future<String> asked) {
      if (over) {
        return;
      }
      String cluster = terms.sni().find(asked.getNow()).orElse(null);
      Runnable secure = terminationHandlers.secure();
      if (cluster != null) {
        proxyTo(cluster);
      } else if (secure != null) {
        end();
        secure.run();
      } else if (terms.cluster().isPresent()) {
        proxyOther();
      } else {
        refuse(L4CloseReason.NO_CLUSTER, "TLS for \"" + asked.getNow() + "\"");
        return;
      }
      ctx.pipeline().remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      end();
      super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      refuse(L4CloseReason.MALFORMED, String.valueOf(cause.getMessage()));
      var unused = ctx.close();
    }
  }
}
