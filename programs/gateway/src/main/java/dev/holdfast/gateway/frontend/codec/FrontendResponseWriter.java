package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.gzip.GzipStream;
import dev.holdfast.gateway.headers.CallEnd;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writer of the response to one translated request. The codec renders head, body and end; this adds
 * CORS headers, metadata and compression. Confined to its event loop.
 */
final class FrontendResponseWriter {
  @Limit(
      of = "time between two heartbeats of server-sent events, or of a WebSocket with them",
      then = "a comment or a text keeps the path open and shows that it works")
  static final Duration PING_TIME = Duration.ofSeconds(15);

  private final HttpExchange web;
  private final FrontendCodec frontendCodec;
  private final CorsPolicy corsPolicy;
  private final boolean headOnly;
  private Http2Headers metadata = new DefaultHttp2Headers(false);
  private @Nullable GzipStream coding;
  private @Nullable ScheduledFuture<?> pings;
  private boolean begun;

  FrontendResponseWriter(HttpExchange web, FrontendCodec frontendCodec, CorsPolicy corsPolicy) {
    this.web = web;
    this.frontendCodec = frontendCodec;
    this.corsPolicy = corsPolicy;
    this.headOnly = "HEAD".contentEquals(String.valueOf(web.headers().method()));
  }

  /** Sets the upstream's headers, which become part of the response head. */
  void metadata(Http2Headers headers) {
    metadata = headers;
  }

  /** Whether the response head was sent. */
  boolean isBegun() {
    return begun;
  }

  /**
   * Sends the head of a streamed response.
   *
   * @param first the part that is written next; empty if it is not known
   */
  void begin(byte[] first) {
    begun = true;
    Http2Headers head = frontendCodec.head();
    MetadataMapping.copy(metadata, "", head);
    corsPolicy.addHeaders(web.headers(), head);
    coding = ResponseCompression.ofStream(web.headers(), head, first);
    web.begin(head);
    if (frontendCodec.ping().length > 0) {
      long nanos = PING_TIME.toNanos();
      pings =
          web.loop()
              .eventLoop()
              .scheduleWithFixedDelay(this::ping, nanos, nanos, TimeUnit.NANOSECONDS);
    }
  }

  void write(byte[] part) {
    GzipStream known = coding;
    web.write(headOnly ? FrontendResponse.NOTHING : known == null ? part : known.part(part), false);
  }

  /** Tells the client of a resumable stream where it is. */
  void open() {
    byte[] text = frontendCodec.opening();
    if (text.length > 0 && web.isWebSocketUpgrade()) {
      web.writeText(text);
    } else if (text.length > 0) {
      write(text);
    }
  }

  /** Ends a response that was begun. */
  void end(CallEnd end) {
    FrontendCodec.ResponseEnd responseEnd = frontendCodec.ending(end);
    if (responseEnd.whole()) {
      GzipStream known = coding;
      byte[] last = known == null ? responseEnd.bytes() : known.end(responseEnd.bytes());
      web.end(headOnly ? FrontendResponse.NOTHING : last, end);
    } else {
      web.abort();
    }
  }

  /**
   * Sends a complete response that was not begun.
   *
   * @param message rendered; null for none
   */
  void whole(CallEnd end, byte @Nullable [] message) {
    FrontendResponse frontendResponse = frontendCodec.whole(end, message);
    MetadataMapping.copy(metadata, "", frontendResponse.head());
    if (!frontendCodec.hasTrailers() && (!frontendCodec.serverStreams() || !end.isOk())) {
      MetadataMapping.copy(end.trailers(), MetadataMapping.TRAILER_PREFIX, frontendResponse.head());
    }
    whole(frontendResponse.challenging(end.trailers()));
  }

  /** Sends a local reply, without a call. */
  void whole(FrontendResponse plain) {
    corsPolicy.addHeaders(web.headers(), plain.head());
    FrontendResponse frontendResponse = ResponseCompression.of(web.headers(), plain);
    if (!FrontendResponse.NO_CONTENT.contentEquals(frontendResponse.head().status())) {
      frontendResponse
          .head()
          .set("content-length", Integer.toString(frontendResponse.body().length));
    }
    web.answer(
        frontendResponse.head(), headOnly ? FrontendResponse.NOTHING : frontendResponse.body());
  }

  /** Stops the heartbeats. */
  void stop() {
    ScheduledFuture<?> known = pings;
    if (known != null) {
      known.cancel(false);
    }
  }

  private void ping() {
    if (web.isWritable()) {
      write(frontendCodec.ping());
    }
  }
}
