package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.headers.CallEnd;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reader of a stream of this gateway that came to the gateway which took its place, on a Unix
 * socket between the two. Confined to the event loop of that socket.
 */
final class RelayedReader extends SimpleChannelInboundHandler<ByteBuf> implements CallListener {
  private static final Logger log = LoggerFactory.getLogger(RelayedReader.class);

  private final ResumeSessions sessions;
  private final ResumePoint point = new ResumePoint(false);
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable ResumedCall reader;

  /** Bytes of the client that arrived while its stream could not take more. */
  private int owedBytes;

  RelayedReader(ResumeSessions sessions) {
    this.sessions = sessions;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
    RelayFrame kind = RelayFrame.read(frame);
    ResumedCall known = reader;
    if (known == null) {
      if (kind != RelayFrame.ATTACH) {
        throw new IllegalArgumentException("frame: " + kind + " (expected: ATTACH)");
      }
      attach(context, RelayAttach.read(frame));
      return;
    }
    switch (kind) {
      case DEMAND -> known.request(frame.readInt());
      case REQUEST -> {
        boolean last = frame.readBoolean();
        byte[] message = RelayFrame.readBytes(frame);
        known.send(message, 0, message.length, last);
        owedBytes += message.length;
        if (known.isReady()) {
          onReady();
        }
      }
      case HALF_CLOSE -> known.halfClose();
      case ACKNOWLEDGE -> point.acknowledge(frame.readLong());
      default -> throw new IllegalArgumentException("frame: " + kind + " (expected: a reader's)");
    }
  }

  private void attach(ChannelHandlerContext context, RelayAttach wanted) {
    ResumeSession session = sessions.find(wanted.session(), wanted.key());
    if (session == null) {
      write(RelayFrame.UNKNOWN);
      return;
    }
    ResumedCall call = new ResumedCall(context.channel().eventLoop(), session, this, point, null);
    reader = call;
    byte[] digest = wanted.requestDigest().isEmpty() ? null : wanted.requestDigest().toByteArray();
    session.execute(() -> session.attach(call, wanted.after(), digest));
  }

  @Override
  public void onAttached() {
    ByteBuf frame = frame(RelayFrame.ATTACHED);
    frame.writeLong(point.position()).writeLong(point.received());
    frame.writeLong(point.ttl().toMillis());
    write(frame);
  }

  @Override
  public void onHeaders(Http2Headers headers) {
    ByteBuf frame = frame(RelayFrame.HEADERS);
    RelayFrame.writeHeaders(frame, headers);
    write(frame);
  }

  @Override
  public void onMessage(byte[] bytes, int offset, int length) {
    ByteBuf frame = frame(RelayFrame.MESSAGE);
    frame.writeLong(point.position()).writeBytes(bytes, offset, length);
    write(frame);
  }

  @Override
  public void onReady() {
    ByteBuf frame = frame(RelayFrame.SENT);
    frame.writeInt(owedBytes);
    owedBytes = 0;
    write(frame);
  }

  @Override
  public void onGivenUp(boolean attempted) {
    ByteBuf frame = frame(RelayFrame.GIVEN_UP);
    frame.writeBoolean(attempted);
    write(frame);
  }

  @Override
  public void onEnd(CallEnd end) {
    ByteBuf frame = frame(RelayFrame.END);
    RelayFrame.writeText(frame, point.progress().name());
    RelayFrame.writeEnd(frame, end);
    write(frame);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    ResumedCall known = reader;
    if (known != null) {
      known.cancel();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.warn("event=resume_relay_failed reason=\"{}\"", cause.getMessage());
    var unused = context.close();
  }

  private ByteBuf frame(RelayFrame kind) {
    return kind.write(context().alloc().buffer());
  }

  private void write(RelayFrame kind) {
    write(frame(kind));
  }

  private void write(ByteBuf frame) {
    var unused = context().writeAndFlush(frame);
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext known = ctx;
    if (known == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return known;
  }
}
