package dev.holdfast.doctor;

import dev.holdfast.core.annotation.Limit;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream of a {@link ProbeConnection}, from the request to its end. Confined to the event loop.
 */
final class ProbeStream {
  /** Headers that a gRPC server does not write and a proxy does. */
  private static final Set<String> PROXY_MARKS =
      Set.of("x-envoy-upstream-service-time", "cf-ray", "x-amzn-trace-id", "x-cache", "alt-svc");

  @Limit(of = "characters of a server's header in a report", then = "the rest is left out")
  private static final int MAX_HEADER_CHARS = 60;

  private final Consumer<ProbeResponse> onHeaders;
  private final Consumer<ProbeResponse> onEnd;
  private final long sentNanos = System.nanoTime();
  private final Set<String> marks = new TreeSet<>();
  private long lastNanos = sentNanos;
  private long quietNanos;
  private int httpStatus;
  private int grpcStatus = -1;
  private String server = "";
  private String via = "";
  private boolean over;

  /**
   * @param onHeaders called with the first HEADERS, unless they end the stream
   * @param onEnd called at the end of the stream
   */
  ProbeStream(Consumer<ProbeResponse> onHeaders, Consumer<ProbeResponse> onEnd) {
    this.onHeaders = onHeaders;
    this.onEnd = onEnd;
  }

  /**
   * The time since the last frame of the stream; after the end, the quiet time before the last
   * frame.
   */
  Duration idleFor() {
    return Duration.ofNanos(over ? quietNanos : System.nanoTime() - lastNanos);
  }

  boolean isOver() {
    return over;
  }

  void headers(Http2Headers headers) {
    heard();
    boolean first = httpStatus == 0;
    httpStatus = number(headers.status(), httpStatus);
    grpcStatus = number(headers.get("grpc-status"), grpcStatus);
    server = text(headers.get("server"), server);
    via = text(headers.get("via"), via);
    PROXY_MARKS.stream().filter(headers::contains).forEach(marks::add);
    if (first && grpcStatus < 0) {
      onHeaders.accept(answer(-1));
    }
  }

  void data() {
    heard();
  }

  void reset(long errorCode) {
    heard();
    over = true;
    onEnd.accept(answer(errorCode));
  }

  void end() {
    over = true;
    onEnd.accept(answer(-1));
  }

  private void heard() {
    long nowNanos = System.nanoTime();
    quietNanos = nowNanos - lastNanos;
    lastNanos = nowNanos;
  }

  private ProbeResponse answer(long resetCode) {
    return new ProbeResponse(
        httpStatus,
        grpcStatus,
        resetCode,
        server,
        via,
        String.join(", ", marks),
        Duration.ofNanos(System.nanoTime() - sentNanos));
  }

  private static int number(@Nullable CharSequence text, int otherwise) {
    if (text == null || !text.toString().matches("\\d{1,3}")) {
      return otherwise;
    }
    return Integer.parseInt(text.toString());
  }

  private static String text(@Nullable CharSequence text, String otherwise) {
    if (text == null) {
      return otherwise;
    }
    String all = text.toString().replaceAll("[^ -~]", "?").toLowerCase(Locale.ROOT);
    return all.length() > MAX_HEADER_CHARS ? all.substring(0, MAX_HEADER_CHARS) : all;
  }
}
