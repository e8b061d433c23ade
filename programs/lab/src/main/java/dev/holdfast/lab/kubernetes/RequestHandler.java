package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The handler of one channel's requests: a connection of HTTP/1.1 or one stream of HTTP/2. Checks
 * run in the order of the real server: authentication, flow control, authorization, then the
 * request itself.
 */
final class RequestHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger log = LoggerFactory.getLogger(RequestHandler.class);
  private static final Duration LONGEST_WAIT_FOR_VERSION = Duration.ofSeconds(3);
  private static final Duration VERSION_POLL = Duration.ofMillis(50);

  private final ApiServer server;
  private final ApiConnection connection;
  private final boolean http2;
  private @Nullable ApiWatchStream watch;

  RequestHandler(ApiServer server, ApiConnection connection, boolean http2) {
    this.server = server;
    this.connection = connection;
    this.http2 = http2;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest message) {
    ApiExchange apiExchange = new ApiExchange(context, connection, HttpUtil.isKeepAlive(message));
    if (connection.isSilenced()) {
      return;
    }
    Optional<ApiRequest> parsed = ApiRequest.parse(message.uri(), http2);
    if (parsed.isEmpty()) {
      answerOther(apiExchange, message.uri());
      return;
    }
    if (!message.method().equals(HttpMethod.GET)) {
      apiExchange.answer(
          ApiFault.status(405, "MethodNotAllowed", "the server does not allow this method"));
      return;
    }
    String authorization = message.headers().get(HttpHeaderNames.AUTHORIZATION, "");
    Optional<String> user = server.access().identify(authorization, connection.certificateName());
    ApiRequest request = parsed.get().by(user.orElse(""));
    server.note(request);
    if (user.isEmpty()) {
      if (http2) {
        // Before the answer, as the real server does since 1.29: who floods it must connect anew.
        connection.goAway();
      }
      apiExchange.answer(ApiFault.unauthorized());
      return;
    }
    Duration delay = server.faults().delay(request.verb());
    ApiFault failure = server.faults().next(request.verb());
    if (delay.isZero()) {
      answer(apiExchange, request, failure);
    } else {
      var unused =
          apiExchange
              .loop()
              .schedule(
                  () -> answer(apiExchange, request, failure),
                  delay.toNanos(),
                  TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (watch != null) {
      watch.wake();
    }
    context.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    endWatch();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // A client that goes away resets its streams and connections.
    log.debug("event=api_connection_broken", cause);
    endWatch();
    var unused = context.close();
  }

  private void answer(ApiExchange apiExchange, ApiRequest request, @Nullable ApiFault failure) {
    if (!apiExchange.isOpen()) {
      return;
    }
    if (failure != null) {
      fail(apiExchange, failure);
    } else if (!server.access().allows(request)) {
      apiExchange.answer(ApiFault.of(ApiStatus.forbidden(request.user(), request)));
    } else {
      try {
        answer(apiExchange, request);
      } catch (ApiException e) {
        apiExchange.answer(ApiFault.of(e.status()));
      }
    }
  }

  private void answer(ApiExchange apiExchange, ApiRequest request) throws ApiException {
    switch (request.verb()) {
      case GET -> get(apiExchange, request);
      case LIST -> list(apiExchange, new ListQuery(request), System.nanoTime());
      case WATCH -> {
        endWatch();
        ApiWatchStream started = new ApiWatchStream(server, apiExchange, request);
        watch = started;
        started.start();
      }
    }
  }

  private void get(ApiExchange apiExchange, ApiRequest request) {
    StoredObject found =
        server.store().find(new ObjectKey(request.resource(), request.namespace(), request.name()));
    if (found == null) {
      apiExchange.answer(ApiFault.of(ApiStatus.notFound(request)));
    } else {
      apiExchange.answer(found.alone().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** A version to come is waited for some seconds, as the real server does. */
  private void list(ApiExchange apiExchange, ListQuery query, long sinceNanos) throws ApiException {
    long awaited = query.awaitedVersion();
    long now = server.store().cacheVersion();
    if (awaited > now) {
      if (System.nanoTime() - sinceNanos > LONGEST_WAIT_FOR_VERSION.toNanos()) {
        throw new ApiException(ApiStatus.tooLarge(awaited, now));
      }
      var unused =
          apiExchange
              .loop()
              .schedule(
                  () -> listAgain(apiExchange, query, sinceNanos),
                  VERSION_POLL.toNanos(),
                  TimeUnit.NANOSECONDS);
      return;
    }
    byte[] body = query.answer(server.store()).getBytes(StandardCharsets.UTF_8);
    int bytesPerSecond = server.faults().listBytesPerSecond();
    if (bytesPerSecond == 0) {
      apiExchange.answer(body);
    } else {
      apiExchange.trickle(body, bytesPerSecond);
    }
  }

  private void listAgain(ApiExchange apiExchange, ListQuery query, long sinceNanos) {
    if (!apiExchange.isOpen()) {
      return;
    }
    try {
      list(apiExchange, query, sinceNanos);
    } catch (ApiException e) {
      apiExchange.answer(ApiFault.of(e.status()));
    }
  }

  private static void fail(ApiExchange apiExchange, ApiFault failure) {
    switch (failure.kind()) {
      case ANSWER -> apiExchange.answer(failure);
      case ERROR_EVENT -> {
        apiExchange.begin();
        apiExchange.piece(Unpooled.wrappedBuffer(failure.body()));
        apiExchange.end();
      }
      case HANG -> log.debug("event=api_request_left_hanging");
      case CUT -> apiExchange.cut();
    }
  }

  private static void answerOther(ApiExchange apiExchange, String target) {
    switch (target) {
      case "/version" ->
          apiExchange.answer(
              new JsonTextWriter()
                  .object()
                  .with("major", "1")
                  .with("minor", "34")
                  .with("gitVersion", "v1.34.0")
                  .endObject()
                  .toByteArray());
      case "/livez", "/readyz", "/healthz" ->
          apiExchange.answer("ok".getBytes(StandardCharsets.UTF_8));
      default -> apiExchange.answer(ApiFault.pageNotFound());
    }
  }

  private void endWatch() {
    if (watch != null) {
      watch.close();
      watch = null;
    }
  }
}
