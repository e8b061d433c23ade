package dev.holdfast.gateway.listener;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.ClientAddress;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.listener.ProxyRefusals.ProxyRefusalReason;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The reader of a trusted proxy's PROXY protocol header (version 1 or 2), within the handshake
 * limit. The bytes after the header go to the next handler. A header without a client (LOCAL,
 * UNKNOWN, Unix sockets) leaves the proxy's own address. Confined to its event loop.
 */
final class ProxyProtocolReader {
  @Limit(
      of = "bytes of additional values in a header of the PROXY protocol",
      then = "the connection is closed")
  static final int MAX_VALUE_BYTES = 4_096;

  private static final byte[] TEXT = "PROXY ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BINARY = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };

  private final Channel channel;
  private final ProxyProtocolOptions terms;
  private final ForwardingLoop loop;
  private final ProxyRefusals refusals;
  private final Runnable next;
  private @Nullable ScheduledFuture<?> patience;
  private boolean over;

  private ProxyProtocolReader(
      Channel channel,
      ProxyProtocolOptions terms,
      ForwardingLoop loop,
      ProxyRefusals refusals,
      Runnable next) {
    this.channel = channel;
    this.terms = terms;
    this.loop = loop;
    this.refusals = refusals;
    this.next = next;
  }

  /**
   * Begins on an accepted connection.
   *
   * @param next installs the handlers of the connection, once its client is known
   */
  public static void open(
      Channel channel,
      ProxyProtocolOptions terms,
      ForwardingLoop loop,
      ProxyRefusals refusals,
      Runnable next) {
    new ProxyProtocolReader(channel, terms, loop, refusals, next).open();
  }

  private void open() {
    if (terms.trusts(channel.remoteAddress())) {
      channel.pipeline().addLast(new HeaderDetector());
      long nanos = loop.snapshot().limits().handshake().toNanos();
      patience = channel.eventLoop().schedule(this::onSlow, nanos, TimeUnit.NANOSECONDS);
    } else if (terms.required()) {
      refuse(ProxyRefusalReason.UNTRUSTED, "expected: one of " + terms.trusted());
    } else {
      goOn();
    }
  }

  private void goOn() {
    end();
    next.run();
  }

  private void onSlow() {
    if (!over) {
      loop.meters().met(MetLimit.HANDSHAKE);
      refuse(ProxyRefusalReason.SLOW, "no header in time");
    }
  }

  private void refuse(ProxyRefusalReason proxyRefusalReason, String detail) {
    if (!over) {
      end();
      refusals.refused(loop.meters(), channel.remoteAddress(), proxyRefusalReason, detail);
    }
    var unused = channel.close();
  }

  private void end() {
    over = true;
    ScheduledFuture<?> timer = patience;
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /** The detection of a header from the first bytes. */
  private final class HeaderDetector extends ByteToMessageDecoder {
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      boolean text = DetectedProtocol.begins(in, TEXT);
      if (!text && !DetectedProtocol.begins(in, BINARY)) {
        if (terms.required()) {
          in.skipBytes(in.readableBytes());
          refuse(ProxyRefusalReason.MISSING, "no header of the PROXY protocol");
        } else {
          goOn();
          ctx.pipeline().remove(this);
        }
      } else if (in.readableBytes() >= (text ? TEXT.length : BINARY.length)) {
        ctx.pipeline().addLast(new HAProxyMessageDecoder(MAX_VALUE_BYTES), new HeaderHandler());
        ctx.pipeline().remove(this);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // The end of the channel has the same bytes read once more.
      if (ctx.channel().isOpen()) {
        loop.meters().faults().onClosed(cause);
      }
      var unused = ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      end();
      super.channelInactive(ctx);
    }
  }

  /** The consumer of the header that the preceding decoder has found. */
  private final class HeaderHandler extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (!(message instanceof HAProxyMessage header)) {
        ctx.fireChannelRead(message);
        return;
      }
      try {
        take(header);
      } finally {
        header.release();
      }
      goOn();
      ctx.pipeline().remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      refuse(ProxyRefusalReason.MALFORMED, IoErrorText.of(cause));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      end();
      ctx.fireChannelInactive();
    }

    private void take(HAProxyMessage header) {
      AddressFamily family = header.proxiedProtocol().addressFamily();
      byte[] address =
          (family == AddressFamily.AF_IPv4 || family == AddressFamily.AF_IPv6)
                  && header.sourceAddress() != null
              ? NetUtil.createByteArrayFromIpAddressString(header.sourceAddress())
              : null;
      if (address != null) {
        try {
          ClientAddress.set(
              channel,
              new InetSocketAddress(InetAddress.getByAddress(address), header.sourcePort()));
        } catch (UnknownHostException e) {
          throw new IllegalStateException("of a length that no address has", e);
        }
      }
    }
  }
}
