package dev.holdfast.gateway.admin;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.Gateway;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handler of requests to the admin page. Confined to the admin thread. */
final class AdminDesk {
  @Limit(
      of = "time that a thread of the gateway has to say what it does to the admin page",
      then = "the answer is without it")
  static final Duration VIEW_TIME = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(AdminDesk.class);
  private static final String DRAIN = "/api/drain";
  private static final Set<String> MACHINES = Set.of("/metrics", "/healthz", "/readyz");

  private final AdminServer.Subject subject;
  private final Visitors visitors;
  private final RecentTraffic recent = new RecentTraffic();
  private final String page = page();

  AdminDesk(AdminServer.Subject subject, Visitors visitors) {
    this.subject = subject;
    this.visitors = visitors;
  }

  /** The response, completed now or on the given thread. */
  CompletableFuture<Reply> answer(HttpRequest request, Executor thread) {
    String path = pathOf(request.uri());
    HttpMethod method = request.method();
    String refusal = visitors.refusal(method, request.headers(), MACHINES.contains(path));
    if (refusal != null) {
      return now(Reply.text(HttpResponseStatus.FORBIDDEN, refusal));
    }
    HttpMethod expected = path.equals(DRAIN) ? HttpMethod.POST : HttpMethod.GET;
    boolean head = method.equals(HttpMethod.HEAD) && expected.equals(HttpMethod.GET);
    if (!method.equals(expected) && !head) {
      return now(
          Reply.text(
              HttpResponseStatus.METHOD_NOT_ALLOWED,
              method + " " + path + " (expected: " + expected + ")"));
    }
    Gateway gateway = subject.gateway();
    return switch (path) {
      case "/" -> now(Reply.of("text/html; charset=utf-8", page));
      case "/api/state" ->
          gateway
              .views(VIEW_TIME)
              .thenApplyAsync(
                  views ->
                      Reply.of(
                          "application/json",
                          AdminState.json(
                              gateway,
                              subject.rejected(),
                              subject.config().now(),
                              views,
                              recent.look(
                                  System.nanoTime(), gateway.uptime(), gateway.traffic().sums()))),
                  thread);
      case "/metrics" ->
          now(
              Reply.of(
                  MetricsText.CONTENT_TYPE,
                  MetricsText.of(subject.meters(), gateway.traffic().sums())));
      case "/healthz" -> now(Reply.text(HttpResponseStatus.OK, "ok"));
      case "/readyz" -> now(ready(gateway));
      case DRAIN -> now(drain());
      default ->
          now(
              Reply.text(
                  HttpResponseStatus.NOT_FOUND,
                  path
                      + " (expected: /, /api/state,"
                      + " /metrics, /healthz, /readyz or POST /api/drain)"));
    };
  }

  private static Reply ready(Gateway gateway) {
    if (gateway.isDraining()) {
      return Reply.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "draining");
    }
    return gateway.snapshot().router().awaitsServices()
        ? Reply.text(
            HttpResponseStatus.SERVICE_UNAVAILABLE,
            "the registry has not said yet which services it has")
        : Reply.text(HttpResponseStatus.OK, "ready");
  }

  private Reply drain() {
    log.info("event=drain_asked by=admin");
    subject.drain().run();
    return Reply.text(HttpResponseStatus.ACCEPTED, "draining");
  }

  private static CompletableFuture<Reply> now(Reply reply) {
    return CompletableFuture.completedFuture(reply);
  }

  private static String pathOf(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  private static String page() {
    try (InputStream in = AdminDesk.class.getResourceAsStream("page.html")) {
      if (in == null) {
        throw new IllegalStateException("page.html: not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
