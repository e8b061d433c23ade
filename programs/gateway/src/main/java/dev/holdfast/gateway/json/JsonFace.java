package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.http2.CallTarget;
import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.http2.WebFace;
import dev.holdfast.gateway.http2.WebHandler;
import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RequestHead;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.connect.ConnectRequest;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebType;
import dev.holdfast.transcoding.schema.RpcMethod;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The frontends of services for clients without gRPC: HTTP/JSON, gRPC-Web, Connect and WebSocket.
 * The content type and the upgrade header select the protocol. Thread-safe.
 *
 * <p>A malformed request gets an error in the format of its protocol, a google.rpc.Status in JSON
 * by default, with the found and the expected value.
 */
public final class JsonFace implements WebFace {
  private static final Pattern TIMEOUT = Pattern.compile("[0-9]{1,8}[HMSmun]");

  /** The largest number of the eight digits that a grpc-timeout may have. */
  private static final long LARGEST_TIMEOUT_MILLIS = 99_999_999;

  private final Places places;
  private final Supplier<FaceTerms> terms;
  private final OpenApiDesk documents = new OpenApiDesk();
  private final AtomicInteger pending = new AtomicInteger();

  private JsonFace(Places places, Supplier<FaceTerms> terms) {
    this.places = places;
    this.terms = terms;
  }

  /** A frontend to the services of some schemas, without cross-origin requests. */
  public static JsonFace of(Schemas schemas) {
    return new JsonFace(new PlaceFinder(schemas), () -> FaceTerms.DEFAULT);
  }

  /** Releases the current thread's reusable buffer. */
  public static void releaseRoom() {
    Scratch.release();
  }

  /** A frontend to the services of one call target, whatever the authority; else as {@link #of}. */
  public static JsonFace to(HttpTranscoder transcoder, CallTarget place) {
    return new JsonFace(new OnePlace(transcoder, place), () -> FaceTerms.DEFAULT);
  }

  /** A copy with a CORS policy. */
  public JsonFace withCors(Cors value) {
    FaceTerms fixed = FaceTerms.DEFAULT.withCors(value);
    return following(() -> fixed);
  }

  /** A copy whose settings are read for each request, on its event loop. */
  public JsonFace following(Supplier<FaceTerms> value) {
    return new JsonFace(places, value);
  }

  @Override
  public WebHandler take(WebExchange web, boolean ended) {
    return take(web, ended, true);
  }

  /**
   * Handles a request, or replies locally.
   *
   * @param mayWait whether the request may wait for the first schema of its cluster
   */
  private WebHandler take(WebExchange web, boolean ended, boolean mayWait) {
    CharSequence origin = web.headers().get("origin");
    FaceTerms all = terms.get();
    if (!web.malformed().isEmpty()) {
      RequestRefusedException why =
          RequestRefusedException.badRequest("gateway: " + web.malformed());
      return answer(web, Refusal.of(web.headers(), why, false), all);
    }
    try {
      if (all.decodesSlashes()) {
        EscapedSlashes.settle(web, places);
      }
    } catch (MalformedPathException e) {
      RequestRefusedException why =
          RequestRefusedException.badRequest("gateway: " + e.getMessage());
      return answer(web, Refusal.of(web.headers(), why, false), all);
    }
    FaceTerms now = origin == null ? all : PageRoute.terms(web, all);
    try {
      return begin(web, ended, stranger(web, origin), now);
    } catch (RequestRefusedException e) {
      return answer(web, refused(web, e, now), now);
    } catch (UnknownSchemaException e) {
      CompletionStage<?> soon = mayWait ? e.soon() : null;
      WebHandler waiting =
          soon == null
              ? null
              : PendingRequest.begin(web, pending, soon, () -> take(web, ended, false));
      if (waiting != null) {
        return waiting;
      }
      RequestRefusedException why =
          RequestRefusedException.unavailable("gateway: " + e.getMessage());
      return answer(web, refused(web, why, now), now);
    }
  }

  private static @Nullable Stranger stranger(WebExchange web, @Nullable CharSequence origin) {
    return origin == null || origin.length() == 0
        ? null
        : Stranger.of(origin, web.headers().scheme(), web.authority());
  }

  private Answer refused(WebExchange web, RequestRefusedException why, FaceTerms now) {
    return Refusal.of(web.headers(), why, isConnectGet(web, now));
  }

  private boolean isConnectGet(WebExchange web, FaceTerms now) {
    try {
      RequestHead head = RequestHead.of(text(web.headers().method()), text(web.path()), "", "");
      return isConnectGet(web, head, now);
    } catch (RequestRefusedException | UnknownSchemaException e) {
      return false;
    }
  }

  /**
   * Whether a GET is a Connect request: its parameters and its path must be those of Connect. A GET
   * with such parameters may also be one of an annotated path.
   */
  private boolean isConnectGet(WebExchange web, RequestHead head, FaceTerms now) {
    return head.method().equals("GET")
        && ConnectRequest.mayBeGet(head.query())
        && now.has(Face.CONNECT)
        && isMethod(web, head.path());
  }

  private static Answer failed(StatusCode status, String why) {
    byte[] body = ErrorBody.json(status, "gateway: " + why, null, HttpTranscoders.NONE.codec());
    return Answer.json(status.httpStatus(), body);
  }

  private WebHandler begin(
      WebExchange web, boolean ended, @Nullable Stranger stranger, FaceTerms now) {
    Http2Headers headers = web.headers();
    RequestHead head =
        RequestHead.of(
            text(headers.method()),
            text(web.path()),
            text(headers.get("content-type")),
            text(headers.get("accept")));
    if (head.contentType().toLowerCase(Locale.ROOT).startsWith("application/grpc")
        && GrpcWebType.of(head.contentType()) == null) {
      return answer(web, needsHttp2(), now);
    }
    boolean isSocket = web.asksForSocket();
    if (stranger != null
        && (isSocket || !Stranger.isHarmless(head.method()))
        && !now.cors().allows(stranger.origin())) {
      return answer(web, failed(StatusCode.PERMISSION_DENIED, stranger.refusal()), now);
    }
    if (head.method().equals("OPTIONS") && !isSocket) {
      Answer own = OwnOptions.of(web, head, now, places);
      if (own != null) {
        return answer(web, own, now);
      }
    }
    if (!isSocket && isDocument(head, now)) {
      return document(web, now);
    }
    Found found = isSocket ? socket(web, head, now) : find(web, head, now);
    try {
      requireKnownCoding(headers, found.dialect);
    } catch (RequestRefusedException e) {
      return answer(web, found.dialect.refused(e), now);
    }
    requireMethodPath(found.dialect.path());
    Http2Headers call = Metadata.ofCall(headers, found.dialect.path(), web.authority());
    call.set("content-type", found.dialect.callType());
    if (isSocket && stranger != null && !now.cors().hasCredentials()) {
      Stranger.bare(call);
    }
    setTimeout(headers, call);
    FaceCall handler = new FaceCall(web, found.place, found.dialect, call, now.cors());
    handler.begin(ended);
    return handler;
  }

  private static boolean isDocument(RequestHead head, FaceTerms now) {
    return now.openApi().isPresent()
        && now.has(Face.JSON)
        && head.path().equals(OpenApiDesk.PATH)
        && (head.method().equals("GET") || head.method().equals("HEAD"));
  }

  private WebHandler document(WebExchange web, FaceTerms now) {
    try {
      return DocumentHandler.of(
          web,
          documents.document(places.offer(web), now.openApi().orElseThrow()),
          (json, failure) -> answer(web, document(json, failure), now));
    } catch (RejectedExecutionException e) {
      return answer(web, failed(StatusCode.UNAVAILABLE, "too many documents are asked for"), now);
    }
  }

  private static Answer document(byte @Nullable [] json, @Nullable Throwable failure) {
    return json == null
        ? failed(StatusCode.INTERNAL, "OpenAPI: " + failure)
        : new Answer(Answer.head(200, "application/json").set("cache-control", "no-cache"), json);
  }

  private record Found(CallTarget place, Dialect dialect) {}

  private Found find(WebExchange web, RequestHead head, FaceTerms now) {
    GrpcWebType grpcWeb = GrpcWebType.of(head.contentType());
    if (grpcWeb != null) {
      require(Face.GRPC_WEB, head, now);
      requirePost(head);
      return new Found(
          places.place(web, head.path()), GrpcWebDialect.of(head.path(), grpcWeb, web.headers()));
    }
    Http2Headers headers = web.headers();
    ConnectRequest connect = null;
    // A GET is one of Connect only where it is served: else its parameters are those of a path.
    boolean get = head.method().equals("GET");
    if (!get || isConnectGet(web, head, now)) {
      connect = ConnectRequest.of(head, text(headers.get("connect-protocol-version")));
    }
    if (connect != null) {
      require(Face.CONNECT, head, now);
      return connect(web, head.path(), connect);
    }
    require(Face.JSON, head, now);
    Places.Found<HttpCall> found = places.json(web, head);
    return new Found(found.place(), new JsonDialect(found.what()));
  }

  private Found socket(WebExchange web, RequestHead head, FaceTerms now) {
    require(Face.WEBSOCKET, head, now);
    if (new SocketQuestion(web.headers()).protocol().equals(SocketDialect.PROTO)) {
      return new Found(places.place(web, head.path()), SocketDialect.binary(head.path()));
    }
    Places.Found<HttpCall> found =
        places.json(web, new RequestHead(Places.ANY_METHOD, head.path(), head.query(), "", ""));
    return new Found(found.place(), SocketDialect.json(found.what()));
  }

  private Found connect(WebExchange web, String path, ConnectRequest request) {
    CallTarget place;
    ConnectMessages messages;
    boolean get = request.kind() == ConnectRequest.Kind.GET;
    if (get) {
      var unused = EnvelopeCoding.isGzip("query parameter compression", request.compression());
    }
    if (request.encoding() == ConnectRequest.Encoding.JSON || get) {
      Places.Found<HttpTranscoder> found = places.method(web, path);
      RpcMethod method = found.what().catalog().method(path.substring(1)).orElseThrow();
      if (get && !method.hasNoSideEffects()) {
        throw RequestRefusedException.methodNotAllowed(
            List.of("POST"), "GET " + path + ": the method may have side effects (expected: POST)");
      }
      place = found.place();
      messages =
          request.encoding() == ConnectRequest.Encoding.JSON
              ? ConnectMessages.json(method, found.what().codec())
              : ConnectMessages.binary(path);
    } else {
      place = places.place(web, path);
      messages = ConnectMessages.binary(path);
    }
    return new Found(
        place,
        request.kind() == ConnectRequest.Kind.STREAM
            ? new ConnectStream(request, messages, web.headers())
            : new ConnectUnary(request, messages, () -> lacks(web, path)));
  }

  /** Whether the schema is known and lacks the method. */
  private boolean lacks(WebExchange web, String path) {
    try {
      return !isMethod(web, path);
    } catch (UnknownSchemaException e) {
      return false;
    }
  }

  private boolean isMethod(WebExchange web, String path) {
    try {
      places.method(web, path);
      return true;
    } catch (RequestRefusedException e) {
      return false;
    }
  }

  private static WebHandler answer(WebExchange web, Answer plain, FaceTerms now) {
    Answer answer = AnswerCoding.of(web.headers(), plain);
    if (!Cors.isQuestion(web.headers())) {
      now.cors().expose(web.headers(), answer.head());
    }
    boolean bare = "HEAD".contentEquals(String.valueOf(web.headers().method()));
    if (bare) {
      // That of GET (RFC 9110, 9.3.2), not of what is sent.
      answer.head().set("content-length", Integer.toString(answer.body().length));
    }
    web.answer(answer.head(), bare ? Answer.NOTHING : answer.body());
    return new DeafHandler(web);
  }

  private static Answer needsHttp2() {
    String why = "gateway: gRPC over HTTP/1.1 (expected: HTTP/2, or gRPC-Web)";
    byte[] body = ErrorBody.json(StatusCode.UNIMPLEMENTED, why, null, HttpTranscoders.NONE.codec());
    Answer answer = Answer.json(426, body);
    answer.head().set("upgrade", "h2c");
    return answer;
  }

  private static void require(Face face, RequestHead head, FaceTerms now) {
    if (now.has(face)) {
      return;
    }
    String why =
        "%s %s: %s is not served here (expected: %s)"
            .formatted(head.method(), head.path(), face.title(), now.served());
    throw face == Face.JSON
        ? RequestRefusedException.noSuchPath(why)
        : RequestRefusedException.unsupportedType(why);
  }

  private static void requirePost(RequestHead head) {
    if (!head.method().equals("POST")) {
      throw RequestRefusedException.methodNotAllowed(
          List.of("POST"), head.method() + " " + head.path() + " (expected: POST)");
    }
  }

  private static void requireMethodPath(String path) {
    try {
      PathNormalization.requireMethodPath(path);
    } catch (MalformedPathException e) {
      throw RequestRefusedException.noSuchPath(e.getMessage());
    }
  }

  private static void requireKnownCoding(Http2Headers headers, Dialect dialect) {
    CharSequence coding = AcceptEncoding.joined(headers.getAll("content-encoding"));
    if (EnvelopeCoding.isGzip("content-encoding", coding) && !dialect.inflateBody()) {
      throw RequestRefusedException.unsupportedEncoding(
          "content-encoding: " + coding + " (expected: identity for a stream of messages)");
    }
  }

  private static void setTimeout(Http2Headers request, Http2Headers call) {
    CharSequence timeout = call.get("grpc-timeout");
    if (timeout != null && !TIMEOUT.matcher(timeout).matches()) {
      throw RequestRefusedException.badRequest(
          "grpc-timeout: " + timeout + " (expected: up to 8 digits and one of HMSmun)");
    }
    OptionalLong millis = ConnectRequest.timeoutMillis(text(request.get("connect-timeout-ms")));
    if (millis.isPresent()) {
      call.set("grpc-timeout", Math.min(LARGEST_TIMEOUT_MILLIS, millis.getAsLong()) + "m");
    }
  }

  private static String text(@Nullable CharSequence value) {
    return value == null ? "" : value.toString();
  }
}
