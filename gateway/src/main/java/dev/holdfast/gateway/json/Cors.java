package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.grpcweb.GrpcWebType;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which pages may call services from browsers (the Fetch standard's CORS protocol).
 *
 * @param origins as browsers send them, such as {@code https://shop.example}; {@code *} for any,
 *     and by default none
 * @param credentials whether cookies may be sent along; not with {@code *}; default false
 * @param maxAge for which a browser may remember the answer to its question; default 10 min
 */
public record Cors(Set<String> origins, boolean credentials, Duration maxAge) {
  /** No page of another origin may. */
  public static final Cors NONE = new Cors(Set.of(), false, Duration.ofMinutes(10));

  private static final String ANY = "*";
  private static final String EXPOSED = String.join(", ", GrpcWebType.EXPOSED_HEADERS);

  public Cors {
    origins = Set.copyOf(origins);
    if (credentials && origins.contains(ANY)) {
      throw new IllegalArgumentException("credentials: true (expected: false for origin *)");
    }
    if (maxAge.isNegative()) {
      throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: >= 0s)");
    }
  }

  /** Pages of these origins may, without cookies. */
  public static Cors of(String... origins) {
    return new Cors(Set.of(origins), false, NONE.maxAge);
  }

  /** Whether a browser asks for leave. */
  static boolean isQuestion(Http2Headers request) {
    return request.contains("origin") && request.contains("access-control-request-method");
  }

  /** The answer to the question: what was asked for, or nothing. */
  void permit(Http2Headers request, Http2Headers answer) {
    if (!allows(request.get("origin"))) {
      return;
    }
    expose(request, answer);
    answer.set("access-control-allow-methods", request.get("access-control-request-method"));
    CharSequence wanted = request.get("access-control-request-headers");
    if (wanted != null) {
      answer.set("access-control-allow-headers", wanted);
    }
    answer.set("access-control-max-age", Long.toString(maxAge.toSeconds()));
    answer.remove("access-control-expose-headers");
  }

  /** What lets a page read an answer. */
  void expose(Http2Headers request, Http2Headers answer) {
    CharSequence origin = request.get("origin");
    if (origin == null || origins.isEmpty()) {
      return;
    }
    answer.add("vary", "origin");
    if (!allows(origin)) {
      return;
    }
    answer.set("access-control-allow-origin", origins.contains(ANY) ? ANY : origin);
    answer.set("access-control-expose-headers", EXPOSED);
    if (credentials) {
      answer.set("access-control-allow-credentials", "true");
    }
  }

  private boolean allows(@Nullable CharSequence origin) {
    return origin != null && (origins.contains(ANY) || origins.contains(origin.toString()));
  }
}
