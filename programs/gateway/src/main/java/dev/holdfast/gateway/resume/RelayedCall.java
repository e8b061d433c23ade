package dev.holdfast.gateway.resume;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Backoff;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.limits.ResumeMeters;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reader of a resumable stream that an earlier gateway of this machine has, as a call of its own:
 * it asks the earlier gateways in turn, and relays what the one with the stream says. Confined to
 * the event loop of the reader's connection.
 *
 * <p>A gateway is passed over when it has ended, or says that the stream is not there. After any
 * other failure, such as a full accept queue while many readers come back, the same gateway is
 * asked again until {@link #ANSWER} has passed: an answer other than 200 ends an EventSource for
 * good.
 */
final class RelayedCall implements OutgoingCall {
  @Limit(
      of = "time that an earlier gateway has to find a resumable stream",
      then = "its reader hears UNAVAILABLE, and may come back")
  static final Duration ANSWER = Duration.ofSeconds(10);

  private static final Backoff.BackoffOptions DELAYS =
      new Backoff.BackoffOptions(Duration.ofMillis(100), Duration.ofSeconds(1));

  private static final Logger log = LoggerFactory.getLogger(RelayedCall.class);

  private final ForwardingLoop loop;
  private final RelayBudget relays;
  private final CallListener listener;
  private final ResumePoint point;
  private final ResumeToken from;
  private final SessionKey key;
  private final ResumeMeters meters;
  private final Iterator<Path> earlier;
  private final Backoff backoff = new Backoff(DELAYS, ThreadLocalRandom.current());

  /** Frames that wait for the reader to be attached. */
  private final Queue<ByteBuf> waiting = new ArrayDeque<>();

  /** Whether its request has to be known before it is attached. */
  private boolean awaitsRequest;

  private ByteString requestDigest = ByteString.EMPTY;
  private @Nullable Channel channel;
  private @Nullable ScheduledFuture<?> patience;
  private boolean attached;
  private boolean over;
  private int unsentBytes;
  private boolean unready;

  /**
   * Creates a reader, and asks the first gateway as soon as it may.
   *
   * @param relays of which one is taken for this reader
   * @param earlier the sockets of earlier gateways, the last one first
   * @param attachesAtOnce whether it is attached before its request is known
   */
  RelayedCall(
      ForwardingLoop loop,
      RelayBudget relays,
      List<Path> earlier,
      CallListener listener,
      ResumePoint point,
      ResumeToken from,
      SessionKey key,
      boolean attachesAtOnce) {
    this.loop = loop;
    this.relays = relays;
    this.listener = listener;
    this.point = point;
    this.from = from;
    this.key = key;
    this.meters = loop.meters().resume();
    this.earlier = earlier.iterator();
    this.awaitsRequest = !attachesAtOnce;
    if (attachesAtOnce) {
      // As with streams of this gateway, behind the work that begins the call.
      loop.eventLoop().execute(this::askNext);
    }
  }

  @Override
  public void send(byte[] bytes, int offset, int length, boolean last) {
    if (awaitsRequest) {
      awaitsRequest = false;
      requestDigest =
          ByteString.copyFrom(
              ResumePrincipal.digest(Arrays.copyOfRange(bytes, offset, offset + length)));
      loop.eventLoop().execute(this::askNext);
      return;
    }
    unsentBytes += length;
    ByteBuf frame = RelayFrame.REQUEST.write(Unpooled.buffer());
    frame.writeBoolean(last);
    RelayFrame.writeBytes(frame, Arrays.copyOfRange(bytes, offset, offset + length));
    write(frame);
  }

  @Override
  public void halfClose() {
    write(RelayFrame.HALF_CLOSE.write(Unpooled.buffer()));
  }

  @Override
  public boolean isReady() {
    unready = unsentBytes >= ResumedCall.UNSENT_BYTES;
    return !unready;
  }

  @Override
  public void request(int messages) {
    write(RelayFrame.DEMAND.write(Unpooled.buffer()).writeInt(messages));
  }

  @Override
  public void cancel() {
    leave();
  }

  private void acknowledge(long position) {
    write(RelayFrame.ACKNOWLEDGE.write(Unpooled.buffer()).writeLong(position));
  }

  private void write(ByteBuf frame) {
    Channel to = channel;
    if (over) {
      frame.release();
    } else if (attached && to != null) {
      var unused = to.writeAndFlush(frame);
    } else {
      waiting.add(frame);
    }
  }

  private void askNext() {
    if (over) {
      return;
    }
    if (!earlier.hasNext()) {
      meters.reader(ResumeRefusal.UNKNOWN.tag());
      end(ResumeRefusal.unknown(), ResumePoint::onRefused);
      return;
    }
    Path socket = earlier.next();
    patience =
        loop.eventLoop()
            .schedule(
                () -> endAttached("no answer within " + ANSWER.toSeconds() + "s"),
                ANSWER.toNanos(),
                TimeUnit.NANOSECONDS);
    backoff.reset();
    connect(socket);
  }

  private void connect(Path socket) {
    if (over) {
      return;
    }
    ChannelFuture connecting =
        new Bootstrap()
            .group(loop.eventLoop())
            .channel(EpollDomainSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel to) {
                    to.pipeline()
                        .addLast(
                            RelayFrame.decoder(), RelayFrame.encoder(), new Answers(to, socket));
                  }
                })
            .connect(new DomainSocketAddress(socket.toFile()));
    if (connecting.isDone() && !connecting.isSuccess()) {
      // No channel, for lack of a descriptor; a listener would run on another thread.
      askAgain(socket, connecting.cause());
      return;
    }
    Channel to = connecting.channel();
    channel = to;
    var unused =
        connecting.addListener(
            done -> {
              if (done.isSuccess()) {
                ByteBuf frame = RelayFrame.ATTACH.write(to.alloc().buffer());
                new RelayAttach(from.session(), from.after(), key, requestDigest).write(frame);
                var unusedWrite = to.writeAndFlush(frame);
              } else {
                onFailed(to, socket, done.cause());
              }
            });
  }

  private void onFailed(Channel at, Path socket, Throwable cause) {
    if (at != channel) {
      return;
    }
    if (RelayConnectFailure.isGone(socket, cause)) {
      log.debug("event=resume_relay_gone socket={} cause=\"{}\"", socket, IoErrorText.of(cause));
      notHere(at);
    } else {
      channel = null;
      var unused = at.close();
      askAgain(socket, cause);
    }
  }

  /** The next attempt at the same gateway; {@link #patience} bounds them. */
  private void askAgain(Path socket, Throwable cause) {
    log.debug("event=resume_relay_retry socket={} cause=\"{}\"", socket, IoErrorText.of(cause));
    var unused =
        loop.eventLoop()
            .schedule(() -> connect(socket), backoff.next().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void notHere(Channel at) {
    if (at == channel) {
      channel = null;
      stopPatience();
      var unused = at.close();
      askNext();
    }
  }

  private void stopPatience() {
    ScheduledFuture<?> known = patience;
    patience = null;
    if (known != null) {
      known.cancel(false);
    }
  }

  /** The gateway with the stream ended, or says nothing. */
  private void endAttached(String why) {
    log.warn("event=resume_relay_ended reason=\"{}\"", why);
    end(
        CallEnd.of(GrpcStatusCode.UNAVAILABLE, "gateway: resume: the earlier gateway: " + why),
        unused -> {});
  }

  private void end(CallEnd how, Consumer<ResumePoint> notes) {
    if (!over) {
      leave();
      notes.accept(point);
      listener.onEnd(how);
    }
  }

  private void leave() {
    if (!over) {
      relays.giveBack();
    }
    over = true;
    stopPatience();
    waiting.forEach(ByteBuf::release);
    waiting.clear();
    Channel to = channel;
    channel = null;
    if (to != null) {
      var unused = to.close();
    }
  }

  private void onFrame(Channel at, ByteBuf frame) {
    RelayFrame kind = RelayFrame.read(frame);
    switch (kind) {
      case UNKNOWN -> notHere(at);
      case ATTACHED -> onAttached(at, frame);
      case HEADERS -> listener.onHeaders(RelayFrame.readHeaders(frame));
      case MESSAGE -> {
        point.onMessage(frame.readLong());
        byte[] message = ByteBufUtil.getBytes(frame);
        listener.onMessage(message, 0, message.length);
      }
      case SENT -> {
        unsentBytes -= frame.readInt();
        if (unready && unsentBytes < ResumedCall.UNSENT_BYTES) {
          unready = false;
          listener.onReady();
        }
      }
      case GIVEN_UP -> listener.onGivenUp(frame.readBoolean());
      case END -> {
        ResumePoint.Progress progress = ResumePoint.Progress.valueOf(RelayFrame.readText(frame));
        end(RelayFrame.readEnd(frame), to -> to.onRelayedEnd(from.session(), progress));
      }
      default -> throw new IllegalArgumentException("frame: " + kind + " (expected: a stream's)");
    }
  }

  private void onAttached(Channel to, ByteBuf frame) {
    stopPatience();
    attached = true;
    meters.reader("relayed");
    long after = frame.readLong();
    long received = frame.readLong();
    point.onOpened(from.session(), Duration.ofMillis(frame.readLong()), this::acknowledge);
    point.onAttached(after, received);
    listener.onAttached();
    for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
      var unused = to.write(next);
    }
    to.flush();
  }

  /** The reader of the frames of an earlier gateway. */
  private final class Answers extends SimpleChannelInboundHandler<ByteBuf> {
    private final Channel at;
    private final Path socket;

    Answers(Channel at, Path socket) {
      this.at = at;
      this.socket = socket;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
      if (at == channel) {
        onFrame(at, frame);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (at == channel && attached) {
        endAttached("it ended");
      } else {
        notHere(at);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!attached && cause instanceof IOException) {
        onFailed(at, socket, cause);
      } else if (at == channel) {
        endAttached(IoErrorText.of(cause));
      }
    }
  }
}
