package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.call.LocalReplies;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.RequestValidator;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Local replies of one client connection to requests that neither an upstream nor a frontend hears
 * of. Each costs its own stream alone. On the connection's event loop.
 */
final class RejectedRequests {
  private final DownstreamConnection connection;
  private final GatewayLimits limits;
  private final boolean translates;

  /**
   * Creates the local replies of one connection.
   *
   * @param translates whether requests that are not gRPC are answered in JSON
   */
  RejectedRequests(DownstreamConnection connection, GatewayLimits limits, boolean translates) {
    this.connection = connection;
    this.limits = limits;
    this.translates = translates;
  }

  /**
   * Answers a malformed request, then resets its stream (RFC 9113, 8.1.1): INTERNAL for gRPC, as
   * clients map PROTOCOL_ERROR, and 400 for others. Such resets do not count as a client's errors:
   * no call was begun, so they are as cheap as other local replies.
   *
   * @param ended whether the request has ended
   */
  void malformed(int id, boolean grpc, boolean ended, String fault) {
    CallStream stream = streamOf(id, ended);
    if (stream != null && fault.equals(RequestValidator.CONNECT)) {
      notOffered(stream, ended);
      return;
    }
    String what = "gateway: malformed request: " + fault;
    connection.loop().meters().localReply(LocalReplyStatus.INTERNAL.name());
    if (stream == null || stream.isHeadersSent() || !(grpc || translates)) {
      reset(id);
    } else if (grpc) {
      Http2Headers answer = LocalReplies.trailersOnly(LocalReplyStatus.INTERNAL, what);
      connection.send(stream, answer, true, written -> reset(id));
    } else {
      RequestRefusedException refused = RequestRefusedException.badRequest(what);
      ByteBuf body = Unpooled.wrappedBuffer(ErrorBody.json(refused));
      connection.send(stream, LocalReplies.json(refused.httpStatus()), false, null);
      connection.send(stream, body, true, written -> reset(id));
      body.release();
    }
  }

  /** Answers CONNECT with 501, as over HTTP/1.1, and without calling it malformed. */
  private void notOffered(CallStream stream, boolean ended) {
    connection.loop().meters().localReply(LocalReplyStatus.UNIMPLEMENTED.name());
    connection.resets.onUnforwarded();
    Http2Headers head = new DefaultHttp2Headers(false).status("501");
    connection.send(stream, head.setInt(HeaderNames.CONTENT_LENGTH, 0), true, null);
    if (!ended) {
      // What the client takes for a tunnel is not read.
      connection.reset(stream, Http2Error.NO_ERROR.code());
    }
  }

  private void reset(int id) {
    connection.reset(id, Http2Error.PROTOCOL_ERROR.code());
  }

  /**
   * Answers a request whose headers are too large.
   *
   * @param grpc whether the headers before the limit identify a gRPC call
   * @param ended whether the request has ended; frames that follow otherwise are late, and no fault
   * @return whether the stream was ended, so that the caller need not reset it
   */
  boolean tooLarge(int id, boolean grpc, boolean ended) {
    connection.loop().meters().met(MetLimit.HEADER_LIST);
    connection.resets.onUnforwarded();
    boolean known = connection.stream(id) != null;
    CallStream stream = streamOf(id, ended);
    if (stream == null || stream.isHeadersSent()) {
      return false;
    }
    String what = "gateway: headers of more than " + limits.headerListBytes() + " bytes";
    if (!translates || grpc || known) {
      Http2Headers answer = LocalReplies.trailersOnly(LocalReplyStatus.RESOURCE_EXHAUSTED, what);
      connection.send(stream, answer, true, null);
      return false;
    }
    RequestRefusedException refused = RequestRefusedException.headersTooLarge(what);
    Http2Headers head = LocalReplies.json(refused.httpStatus());
    OpenedStream opened = new OpenedStream(System.nanoTime(), head);
    new Http2Exchange(connection, stream, opened, head, ended)
        .answer(head, ErrorBody.json(refused));
    return true;
  }

  /**
   * The stream of a request whose headers failed before they opened it; null when it cannot be
   * opened.
   */
  private @Nullable CallStream streamOf(int id, boolean ended) {
    CallStream stream = connection.stream(id);
    if (stream != null) {
      return stream;
    }
    try {
      return connection.openRemote(id, ended);
    } catch (Http2Exception e) {
      return null;
    }
  }
}
