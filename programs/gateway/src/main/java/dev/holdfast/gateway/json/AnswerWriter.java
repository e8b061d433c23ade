package dev.holdfast.gateway.json;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.gateway.gzip.GzipStream;
import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.gateway.http2.WebExchange;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writer of the response to one translated request. The dialect renders head, body and end; this
 * adds CORS headers, metadata and compression. Confined to its event loop.
 */
final class AnswerWriter {
  @Limit(
      of = "time without an event on a stream of server-sent events",
      then = "a comment keeps the way open")
  static final Duration PING_TIME = Duration.ofSeconds(15);

  private final WebExchange web;
  private final Dialect dialect;
  private final Cors cors;
  private final boolean headOnly;
  private Http2Headers metadata = new DefaultHttp2Headers(false);
  private @Nullable GzipStream coding;
  private @Nullable ScheduledFuture<?> pings;
  private boolean begun;

  AnswerWriter(WebExchange web, Dialect dialect, Cors cors) {
    this.web = web;
    this.dialect = dialect;
    this.cors = cors;
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
    Http2Headers head = dialect.head();
    Metadata.copy(metadata, "", head);
    cors.expose(web.headers(), head);
    coding = AnswerCoding.ofStream(web.headers(), head, first);
    web.begin(head);
    if (dialect.ping().length > 0) {
      long nanos = PING_TIME.toNanos();
      pings =
          web.loop()
              .eventLoop()
              .scheduleWithFixedDelay(this::ping, nanos, nanos, TimeUnit.NANOSECONDS);
    }
  }

  void write(byte[] part) {
    GzipStream known = coding;
    web.write(headOnly ? Answer.NOTHING : known == null ? part : known.part(part), false);
  }

  /** Ends a response that was begun. */
  void end(CallEnd end) {
    Dialect.Ending ending = dialect.ending(end);
    if (ending.whole()) {
      GzipStream known = coding;
      byte[] last = known == null ? ending.bytes() : known.end(ending.bytes());
      web.end(headOnly ? Answer.NOTHING : last, end);
    } else {
      web.breakOff();
    }
  }

  /**
   * Sends a complete response that was not begun.
   *
   * @param message rendered; null for none
   */
  void whole(CallEnd end, byte @Nullable [] message) {
    Answer answer = dialect.whole(end, message);
    Metadata.copy(metadata, "", answer.head());
    if (!dialect.hasTrailers() && (!dialect.serverStreams() || !end.isOk())) {
      Metadata.copy(end.trailers(), Metadata.TRAILER_PREFIX, answer.head());
    }
    whole(answer.challenging(end.trailers()));
  }

  /** Sends a local reply, without a call. */
  void whole(Answer plain) {
    cors.expose(web.headers(), plain.head());
    Answer answer = AnswerCoding.of(web.headers(), plain);
    answer.head().set("content-length", Integer.toString(answer.body().length));
    web.answer(answer.head(), headOnly ? Answer.NOTHING : answer.body());
  }

  /** Stops the keepalive timer of server-sent events. */
  void stop() {
    ScheduledFuture<?> known = pings;
    if (known != null) {
      known.cancel(false);
    }
  }

  private void ping() {
    if (web.isWritable()) {
      write(dialect.ping());
    }
  }
}
