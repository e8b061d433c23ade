package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.route.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's side of an exchange: its request as it came, and the frames of its answer. */
abstract class ClientStream implements RequestHead {
  final DownstreamConnection down;
  final Http2Stream downStream;
  final Http2Headers request;
  final boolean grpc;

  /** Whether all of the request came. */
  boolean requestEnded;

  ClientStream(DownstreamConnection down, Http2Stream stream, Http2Headers request, boolean ended) {
    this.down = down;
    this.downStream = stream;
    this.request = request;
    this.requestEnded = ended;
    CharSequence type = request.get(Names.CONTENT_TYPE);
    this.grpc = type != null && Names.isGrpc(type);
  }

  @Override
  public CharSequence path() {
    CharSequence path = request.path();
    return path == null ? "" : path;
  }

  @Override
  public CharSequence authority() {
    CharSequence authority = request.authority();
    if (authority == null) {
      authority = request.get(Names.HOST);
    }
    return authority == null ? "" : authority;
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return request.get(name);
  }

  /** Whether all of the request came. */
  final boolean isRequestEnded() {
    return requestEnded;
  }

  /** DATA that more will follow. */
  final void pass(ByteBuf data, ChannelPromise promise) {
    var unused = down.encoder().writeData(down.context(), downStream.id(), data, 0, false, promise);
    down.flushLater();
  }

  /** The last frame of an answer in DATA. */
  final void endWith(ByteBuf data, ChannelPromise promise) {
    var unused =
        down.encoder()
            .writeData(down.context(), downStream.id(), data, 0, true, toldToStop(promise));
    down.flushLater();
  }

  /** The last frame of an answer in HEADERS. */
  final void endWith(Http2Headers trailers) {
    ChannelPromise promise = toldToStop(down.context().newPromise());
    var unused =
        down.encoder().writeHeaders(down.context(), downStream.id(), trailers, 0, true, promise);
    down.flushLater();
  }

  /**
   * An end of our own.
   *
   * @param began whether headers of an answer were sent already
   */
  final void endWith(StatusCode status, String message, boolean began) {
    if (grpc) {
      endWith(began ? Answers.trailers(status, message) : Answers.trailersOnly(status, message));
    } else if (began) {
      down.reset(downStream, Http2Error.INTERNAL_ERROR.code());
    } else {
      ByteBuf text = ByteBufUtil.writeUtf8(down.context().alloc(), message);
      down.writeHeaders(downStream, Answers.plain(status, text.readableBytes()), false);
      endWith(text, down.context().newPromise());
    }
  }

  /** Runs a task on the loop, unless it is cancelled. */
  final ScheduledFuture<?> after(long nanos, Runnable task) {
    return down.context().executor().schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  static void cancel(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /** Who has its answer and still sends is told to stop, once the answer is out. */
  private ChannelPromise toldToStop(ChannelPromise promise) {
    return requestEnded ? promise : promise.addListener(this::stopRequest);
  }

  private void stopRequest(Future<? super Void> write) {
    if (write.isSuccess() && down.connection().stream(downStream.id()) != null) {
      down.reset(downStream, Http2Error.NO_ERROR.code());
    }
  }
}
