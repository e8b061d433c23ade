package dev.holdfast.gateway.call;

import dev.holdfast.core.DurationText;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.Router;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The local replies of the gateway: their headers, trailers and messages. */
public final class LocalReplies {
  public static final String TOO_MUCH_FOR_UPSTREAMS = "too many bytes wait for upstreams";

  /** A gRPC content type with a message format, without parameters. */
  private static final Pattern FORMAT = Pattern.compile("application/grpc\\+[A-Za-z0-9.-]{1,64}");

  private LocalReplies() {}

  /** The single HEADERS frame of a gRPC response without messages (trailers-only). */
  public static Http2Headers trailersOnly(LocalReplyStatus status, String message) {
    return trailersOnly(status, message, null);
  }

  /**
   * The same with the content type of the request, since clients of {@code application/grpc+json}
   * accept no other.
   *
   * @param asked the content type of the request; null for none
   */
  public static Http2Headers trailersOnly(
      LocalReplyStatus status, String message, @Nullable CharSequence asked) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(HeaderNames.OK);
    boolean named = asked != null && FORMAT.matcher(asked).matches();
    headers.set(HeaderNames.CONTENT_TYPE, named ? asked : HeaderNames.APPLICATION_GRPC);
    return end(headers, status, message);
  }

  /** The trailers of a gRPC response whose headers were sent already. */
  public static Http2Headers trailers(LocalReplyStatus status, String message) {
    return end(new DefaultHttp2Headers(false), status, message);
  }

  /**
   * The headers of a plain-text response, for clients that do not speak gRPC.
   *
   * @param bytes the length of its body
   */
  public static Http2Headers plain(LocalReplyStatus status, int bytes) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(status.http());
    headers.set(HeaderNames.CONTENT_TYPE, HeaderNames.TEXT_PLAIN);
    headers.set(HeaderNames.CONTENT_LENGTH, AsciiString.of(Integer.toString(bytes)));
    return headers;
  }

  /** The headers of a JSON response. */
  public static Http2Headers json(int status) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(Integer.toString(status));
    return headers.set(HeaderNames.CONTENT_TYPE, HeaderNames.APPLICATION_JSON);
  }

  /**
   * The status for a request without a route: UNAVAILABLE while routes are still being learned,
   * else UNIMPLEMENTED.
   */
  static LocalReplyStatus noRouteStatus(Router router) {
    return router.isLearning() ? LocalReplyStatus.UNAVAILABLE : LocalReplyStatus.UNIMPLEMENTED;
  }

  static String noRoute(RequestHead request, Router router) {
    return "no route for "
        + request.path()
        + " with authority "
        + request.authority()
        + " (expected: "
        + router.expectation(request)
        + ")";
  }

  static String noCluster(Route route) {
    return "route " + route.name() + " has no cluster " + route.cluster();
  }

  static String noConnection(String trouble) {
    return "no connection" + (trouble.isEmpty() ? "" : ": " + trouble);
  }

  static String deadline(long nanos) {
    return "deadline of " + GrpcTimeout.inSeconds(nanos) + " exceeded";
  }

  static String tooOld(Duration age) {
    return "stream older than " + DurationText.format(age) + ", call again";
  }

  /** The message of a local reply: what happened, when, and at which upstream and attempt. */
  static String message(String what, long spentNanos, String endpoint, int attempt) {
    return "gateway: "
        + what
        + " after "
        + GrpcTimeout.inSeconds(spentNanos)
        + " (upstream "
        + endpoint
        + ", attempt "
        + attempt
        + ")";
  }

  private static Http2Headers end(Http2Headers headers, LocalReplyStatus status, String message) {
    headers.set(HeaderNames.GRPC_STATUS, status.number());
    headers.set(HeaderNames.GRPC_MESSAGE, LocalReplyStatus.message(message));
    return headers;
  }
}
