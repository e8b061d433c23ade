package dev.holdfast.gateway.http2;

import dev.holdfast.core.DurationText;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.Router;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The answers that the gateway gives of its own. */
final class Answers {
  static final String TOO_MUCH_FOR_UPSTREAMS = "too much waits for upstreams";

  /** A message format by its name, without parameters. */
  private static final Pattern FORMAT = Pattern.compile("application/grpc\\+[A-Za-z0-9.-]{1,64}");

  private Answers() {}

  /** A whole gRPC answer in one HEADERS frame. */
  static Http2Headers trailersOnly(StatusCode status, String message) {
    return trailersOnly(status, message, null);
  }

  /**
   * As above, with the message format of the request: clients of {@code application/grpc+json} take
   * no other.
   *
   * @param asked the content type of the request
   */
  static Http2Headers trailersOnly(
      StatusCode status, String message, @Nullable CharSequence asked) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(Names.OK);
    boolean named = asked != null && FORMAT.matcher(asked).matches();
    headers.set(Names.CONTENT_TYPE, named ? asked : Names.APPLICATION_GRPC);
    return end(headers, status, message);
  }

  /** The end of a gRPC answer that began already. */
  static Http2Headers trailers(StatusCode status, String message) {
    return end(new DefaultHttp2Headers(false), status, message);
  }

  /** The head of an answer in plain text, for who does not speak gRPC. */
  static Http2Headers plain(StatusCode status, int bytes) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(status.http());
    headers.set(Names.CONTENT_TYPE, Names.TEXT_PLAIN);
    headers.set(Names.CONTENT_LENGTH, AsciiString.of(Integer.toString(bytes)));
    return headers;
  }

  /** The head of an answer in JSON. */
  static Http2Headers json(int status) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(Integer.toString(status));
    return headers.set(Names.CONTENT_TYPE, Names.APPLICATION_JSON);
  }

  /** What is said to a request that no route matches. */
  /** Of a request without a route: whether it is worth coming again. */
  static StatusCode noRouteStatus(Router router) {
    return router.isLearning() ? StatusCode.UNAVAILABLE : StatusCode.UNIMPLEMENTED;
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

  /** What the gateway says of a request that it ends itself. */
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

  private static Http2Headers end(Http2Headers headers, StatusCode status, String message) {
    headers.set(Names.GRPC_STATUS, status.number());
    headers.set(Names.GRPC_MESSAGE, StatusCode.message(message));
    return headers;
  }
}
