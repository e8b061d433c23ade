package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.codec.EmptyTranscoder;
import dev.holdfast.gateway.frontend.codec.EnvelopeCompression;
import dev.holdfast.gateway.frontend.codec.FrontendCall;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.MetadataMapping;
import dev.holdfast.gateway.frontend.codec.ResponseCompression;
import dev.holdfast.gateway.frontend.codec.TranscodingBuffer;
import dev.holdfast.gateway.frontend.connect.ConnectMessageCodec;
import dev.holdfast.gateway.frontend.connect.ConnectStreamCodec;
import dev.holdfast.gateway.frontend.connect.ConnectUnaryCodec;
import dev.holdfast.gateway.frontend.grpcweb.GrpcWebCodec;
import dev.holdfast.gateway.frontend.json.HttpJsonCodec;
import dev.holdfast.gateway.frontend.openapi.OpenApiDocuments;
import dev.holdfast.gateway.frontend.openapi.OpenApiHandler;
import dev.holdfast.gateway.frontend.websocket.WebSocketCallCodec;
import dev.holdfast.gateway.frontend.websocket.WebSocketRequest;
import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.connect.ConnectRequest;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebContentType;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
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
public final class HttpFrontend implements Frontend {
  private static final Pattern TIMEOUT = Pattern.compile("[0-9]{1,8}[HMSmun]");

  /** The largest number of the eight digits that a grpc-timeout may have. */
  private static final long LARGEST_TIMEOUT_MILLIS = 99_999_999;

  private final MethodRouter methodRouter;
  private final Supplier<FrontendOptions> terms;
  private final OpenApiDocuments documents = new OpenApiDocuments();
  private final ResumableRequests resumable = new ResumableRequests();
  private final AtomicInteger pending = new AtomicInteger();

  private HttpFrontend(MethodRouter methodRouter, Supplier<FrontendOptions> terms) {
    this.methodRouter = methodRouter;
    this.terms = terms;
  }

  /** A frontend to the services of some schemas, without cross-origin requests. */
  public static HttpFrontend of(ClusterTranscoders clusterTranscoders) {
    return new HttpFrontend(
        new ClusterMethodRouter(clusterTranscoders), () -> FrontendOptions.DEFAULT);
  }

  /** Releases the current thread's reusable buffer. */
  public static void releaseBuffers() {
    TranscodingBuffer.release();
  }

  /** A frontend to the services of one call target, whatever the authority; else as {@link #of}. */
  public static HttpFrontend to(HttpTranscoder transcoder, CallTarget place) {
    return new HttpFrontend(
        new SingleTargetRouter(transcoder, place), () -> FrontendOptions.DEFAULT);
  }

  /** The streams of this frontend that can be resumed. */
  public ResumeSessions resumeSessions() {
    return resumable.sessions();
  }

  /** A copy with a CORS policy. */
  public HttpFrontend withCors(CorsPolicy value) {
    FrontendOptions fixed = FrontendOptions.DEFAULT.withCors(value);
    return following(() -> fixed);
  }

  /** A copy whose settings are read for each request, on its event loop. */
  public HttpFrontend following(Supplier<FrontendOptions> value) {
    return new HttpFrontend(methodRouter, value);
  }

  @Override
  public HttpRequestHandler take(HttpExchange web, boolean ended) {
    return take(web, ended, true);
  }

  /**
   * Handles a request, or replies locally.
   *
   * @param mayWait whether the request may wait for the first schema of its cluster
   */
  private HttpRequestHandler take(HttpExchange web, boolean ended, boolean mayWait) {
    CharSequence origin = web.headers().get("origin");
    FrontendOptions all = terms.get();
    if (!web.malformed().isEmpty()) {
      RequestRefusedException why =
          RequestRefusedException.badRequest("gateway: " + web.malformed());
      return answer(web, FrontendLocalReply.of(web.headers(), why, false), all);
    }
    try {
      if (all.decodesSlashes()) {
        EscapedSlashes.settle(web, methodRouter);
      }
    } catch (MalformedPathException e) {
      RequestRefusedException why =
          RequestRefusedException.badRequest("gateway: " + e.getMessage());
      return answer(web, FrontendLocalReply.of(web.headers(), why, false), all);
    }
    FrontendOptions now = origin == null ? all : CorsRouteLookup.terms(web, all);
    try {
      return begin(web, ended, crossOrigin(web, origin), now);
    } catch (RequestRefusedException e) {
      return answer(web, refused(web, e, now), now);
    } catch (UnknownSchemaException e) {
      CompletionStage<?> soon = mayWait ? e.soon() : null;
      HttpRequestHandler waiting =
          soon == null
              ? null
              : PendingRequest.begin(
                  web, pending, soon, all.schemaWait(), () -> take(web, ended, false));
      if (waiting != null) {
        return waiting;
      }
      RequestRefusedException why =
          RequestRefusedException.unavailable("gateway: " + e.getMessage());
      return answer(web, refused(web, why, now), now);
    }
  }

  private static @Nullable CrossOriginRequest crossOrigin(
      HttpExchange web, @Nullable CharSequence origin) {
    return origin == null || origin.length() == 0
        ? null
        : CrossOriginRequest.of(origin, web.headers().scheme(), web.authority());
  }

  private FrontendResponse refused(
      HttpExchange web, RequestRefusedException why, FrontendOptions now) {
    return FrontendLocalReply.of(web.headers(), why, isConnectGet(web, now));
  }

  private boolean isConnectGet(HttpExchange web, FrontendOptions now) {
    try {
      HttpRequestHead head =
          HttpRequestHead.of(text(web.headers().method()), text(web.path()), "", "");
      return isConnectGet(web, head, now);
    } catch (RequestRefusedException | UnknownSchemaException e) {
      return false;
    }
  }

  /**
   * Whether a GET is a Connect request: its parameters and its path must be those of Connect. A GET
   * with such parameters may also be one of an annotated path.
   */
  private boolean isConnectGet(HttpExchange web, HttpRequestHead head, FrontendOptions now) {
    return head.method().equals("GET")
        && ConnectRequest.mayBeGet(head.query())
        && now.has(FrontendProtocol.CONNECT)
        && isMethod(web, head.path());
  }

  private static FrontendResponse failed(GrpcStatusCode status, String why) {
    byte[] body = ErrorBody.json(status, "gateway: " + why, null, EmptyTranscoder.NONE.codec());
    return FrontendResponse.json(status.httpStatus(), body);
  }

  private HttpRequestHandler begin(
      HttpExchange web,
      boolean ended,
      @Nullable CrossOriginRequest crossOriginRequest,
      FrontendOptions now) {
    Http2Headers headers = web.headers();
    HttpRequestHead head =
        HttpRequestHead.of(
            text(headers.method()),
            text(web.path()),
            text(headers.get("content-type")),
            text(headers.get("accept")));
    if (head.contentType().toLowerCase(Locale.ROOT).startsWith("application/grpc")
        && GrpcWebContentType.of(head.contentType()) == null) {
      return answer(web, needsHttp2(), now);
    }
    boolean isSocket = web.isWebSocketUpgrade();
    if (crossOriginRequest != null
        && (isSocket || !CrossOriginRequest.isSafeMethod(head.method()))
        && !now.cors().allows(crossOriginRequest.origin())) {
      return answer(
          web, failed(GrpcStatusCode.PERMISSION_DENIED, crossOriginRequest.refusal()), now);
    }
    if (head.method().equals("OPTIONS") && !isSocket) {
      FrontendResponse own = OptionsLocalReply.of(web, head, now, methodRouter);
      if (own != null) {
        return answer(web, own, now);
      }
    }
    if (!isSocket && isDocument(head, now)) {
      return document(web, now);
    }
    SocketSession session = isSocket ? SocketSession.of(head.query()) : null;
    RoutedRequest routedRequest =
        session == null ? find(web, head, now) : socket(web, head, session, now);
    CallTarget target = target(web, routedRequest, session, crossOriginRequest, now);
    try {
      requireKnownCoding(headers, routedRequest.dialect);
    } catch (RequestRefusedException e) {
      return answer(web, routedRequest.dialect.refused(e), now);
    }
    requireMethodPath(routedRequest.dialect.path());
    Http2Headers call =
        MetadataMapping.ofCall(headers, routedRequest.dialect.path(), web.authority());
    call.set("content-type", routedRequest.dialect.callType());
    if (isSocket && crossOriginRequest != null && !now.cors().hasCredentials()) {
      CrossOriginRequest.removeCredentials(call);
    }
    setTimeout(headers, call);
    FrontendCall handler = new FrontendCall(web, target, routedRequest.dialect, call, now.cors());
    handler.begin(ended);
    return handler;
  }

  /**
   * The target of a call: one whose stream can be resumed, where the route and the page allow it.
   */
  private CallTarget target(
      HttpExchange web,
      RoutedRequest routedRequest,
      @Nullable SocketSession session,
      @Nullable CrossOriginRequest crossOriginRequest,
      FrontendOptions now) {
    // A page that can't read the response can't resume it either, and keeps nothing alive.
    if (crossOriginRequest != null && !now.cors().allows(crossOriginRequest.origin())) {
      return routedRequest.place;
    }
    SocketSession asked = session != null && session.isAsked() ? session : null;
    return resumable.target(web, routedRequest.place, routedRequest.dialect, asked);
  }

  private static boolean isDocument(HttpRequestHead head, FrontendOptions now) {
    return now.openApi().isPresent()
        && now.has(FrontendProtocol.JSON)
        && head.path().equals(OpenApiDocuments.PATH)
        && (head.method().equals("GET") || head.method().equals("HEAD"));
  }

  private HttpRequestHandler document(HttpExchange web, FrontendOptions now) {
    try {
      return OpenApiHandler.of(
          web,
          documents.document(methodRouter.openApiSource(web), now.openApi().orElseThrow()),
          (json, failure) -> answer(web, document(json, failure), now));
    } catch (RejectedExecutionException e) {
      return answer(
          web,
          failed(GrpcStatusCode.UNAVAILABLE, "too many OpenAPI documents are being rendered"),
          now);
    }
  }

  private static FrontendResponse document(byte @Nullable [] json, @Nullable Throwable failure) {
    return json == null
        ? failed(GrpcStatusCode.INTERNAL, "OpenAPI: " + failure)
        : new FrontendResponse(
            FrontendResponse.head(200, "application/json").set("cache-control", "no-cache"), json);
  }

  private record RoutedRequest(CallTarget place, FrontendCodec dialect) {}

  private RoutedRequest find(HttpExchange web, HttpRequestHead head, FrontendOptions now) {
    GrpcWebContentType grpcWeb = GrpcWebContentType.of(head.contentType());
    if (grpcWeb != null) {
      require(FrontendProtocol.GRPC_WEB, head, now);
      requirePost(head);
      return new RoutedRequest(
          methodRouter.target(web, head.path()),
          GrpcWebCodec.of(head.path(), grpcWeb, web.headers()));
    }
    Http2Headers headers = web.headers();
    ConnectRequest connect = null;
    // A GET is one of Connect only where it is served: else its parameters are those of a path.
    boolean get = head.method().equals("GET");
    if (!get || isConnectGet(web, head, now)) {
      connect = ConnectRequest.of(head, text(headers.get("connect-protocol-version")));
    }
    if (connect != null) {
      require(FrontendProtocol.CONNECT, head, now);
      return connect(web, head.path(), connect);
    }
    require(FrontendProtocol.JSON, head, now);
    MethodRouter.RoutedMethod<HttpCall> routedMethod = methodRouter.json(web, head);
    return new RoutedRequest(routedMethod.target(), new HttpJsonCodec(routedMethod.what()));
  }

  private RoutedRequest socket(
      HttpExchange web, HttpRequestHead head, SocketSession session, FrontendOptions now) {
    require(FrontendProtocol.WEBSOCKET, head, now);
    String protocol = new WebSocketRequest(web.headers()).protocol();
    if (protocol.equals(WebSocketCallCodec.PROTO)) {
      return new RoutedRequest(
          methodRouter.target(web, head.path()), WebSocketCallCodec.binary(head.path()));
    }
    MethodRouter.RoutedMethod<HttpCall> routedMethod =
        methodRouter.json(
            web,
            new HttpRequestHead(MethodRouter.ANY_METHOD, head.path(), session.query(), "", ""));
    return new RoutedRequest(
        routedMethod.target(), WebSocketCallCodec.json(routedMethod.what(), protocol));
  }

  private RoutedRequest connect(HttpExchange web, String path, ConnectRequest request) {
    CallTarget place;
    ConnectMessageCodec messages;
    boolean get = request.kind() == ConnectRequest.ConnectCallType.GET;
    if (get) {
      var unused = EnvelopeCompression.isGzip("query parameter compression", request.compression());
    }
    if (request.encoding() == ConnectRequest.Encoding.JSON || get) {
      MethodRouter.RoutedMethod<HttpTranscoder> routedMethod = methodRouter.method(web, path);
      RpcMethod method = routedMethod.what().catalog().method(path.substring(1)).orElseThrow();
      if (get && !method.hasNoSideEffects()) {
        throw RequestRefusedException.methodNotAllowed(
            List.of("POST"), "GET " + path + ": the method may have side effects (expected: POST)");
      }
      place = routedMethod.target();
      messages =
          request.encoding() == ConnectRequest.Encoding.JSON
              ? ConnectMessageCodec.json(method, routedMethod.what().codec())
              : ConnectMessageCodec.binary(path);
    } else {
      place = methodRouter.target(web, path);
      messages = ConnectMessageCodec.binary(path);
    }
    return new RoutedRequest(
        place,
        request.kind() == ConnectRequest.ConnectCallType.STREAM
            ? new ConnectStreamCodec(request, messages, web.headers())
            : new ConnectUnaryCodec(request, messages, () -> lacks(web, path)));
  }

  /** Whether the schema is known and lacks the method. */
  private boolean lacks(HttpExchange web, String path) {
    try {
      return !isMethod(web, path);
    } catch (UnknownSchemaException e) {
      return false;
    }
  }

  private boolean isMethod(HttpExchange web, String path) {
    try {
      methodRouter.method(web, path);
      return true;
    } catch (RequestRefusedException e) {
      return false;
    }
  }

  private static HttpRequestHandler answer(
      HttpExchange web, FrontendResponse plain, FrontendOptions now) {
    FrontendResponse frontendResponse = ResponseCompression.of(web.headers(), plain);
    if (!CorsPolicy.isPreflight(web.headers())) {
      now.cors().addHeaders(web.headers(), frontendResponse.head());
    }
    boolean bare = "HEAD".contentEquals(String.valueOf(web.headers().method()));
    if (bare) {
      // That of GET (RFC 9110, 9.3.2), not of what is sent.
      frontendResponse
          .head()
          .set("content-length", Integer.toString(frontendResponse.body().length));
    }
    web.answer(frontendResponse.head(), bare ? FrontendResponse.NOTHING : frontendResponse.body());
    return new DiscardingHandler(web);
  }

  private static FrontendResponse needsHttp2() {
    String why = "gateway: gRPC over HTTP/1.1 (expected: HTTP/2, or gRPC-Web)";
    byte[] body =
        ErrorBody.json(GrpcStatusCode.UNIMPLEMENTED, why, null, EmptyTranscoder.NONE.codec());
    FrontendResponse frontendResponse = FrontendResponse.json(426, body);
    frontendResponse.head().set("upgrade", "h2c");
    return frontendResponse;
  }

  private static void require(
      FrontendProtocol frontendProtocol, HttpRequestHead head, FrontendOptions now) {
    if (now.has(frontendProtocol)) {
      return;
    }
    String why =
        "%s %s: %s is not served here (expected: %s)"
            .formatted(head.method(), head.path(), frontendProtocol.title(), now.served());
    throw frontendProtocol == FrontendProtocol.JSON
        ? RequestRefusedException.noSuchPath(why)
        : RequestRefusedException.unsupportedType(why);
  }

  private static void requirePost(HttpRequestHead head) {
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

  private static void requireKnownCoding(Http2Headers headers, FrontendCodec frontendCodec) {
    CharSequence coding = AcceptEncoding.joined(headers.getAll("content-encoding"));
    if (EnvelopeCompression.isGzip("content-encoding", coding) && !frontendCodec.inflateBody()) {
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
