package dev.holdfast.gateway.admin;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.Gateway;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handler of requests to the admin page. Confined to the admin thread. */
final class AdminHandler implements AdminRequestHandler {
  @Limit(
      of = "time that a thread of the gateway has to say what it does to the admin page",
      then = "the answer is without it")
  static final Duration VIEW_TIME = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(AdminHandler.class);
  private static final String DRAIN = "/api/drain";
  private static final Set<String> MACHINES = Set.of("/metrics", "/healthz", "/livez", "/readyz");

  /** Paths that tell only whether the gateway lives. The page asks for the rest itself. */
  private static final Set<String> OPEN = Set.of("/", "/healthz", "/livez", "/readyz");

  private final AdminServer.AdminTarget adminTarget;
  private final AdminAccessPolicy adminAccessPolicy;
  private final AdminToken token;
  private final RecentTraffic recent = new RecentTraffic();
  private final String page = page();

  AdminHandler(
      AdminServer.AdminTarget adminTarget, AdminAccessPolicy adminAccessPolicy, AdminToken token) {
    this.adminTarget = adminTarget;
    this.adminAccessPolicy = adminAccessPolicy;
    this.token = token;
  }

  @Override
  public CompletableFuture<AdminResponse> answer(HttpRequest request, Executor thread) {
    String path = pathOf(request.uri());
    HttpMethod method = request.method();
    String refusal = adminAccessPolicy.refusal(method, request.headers(), MACHINES.contains(path));
    if (refusal != null) {
      return now(AdminResponse.text(HttpResponseStatus.FORBIDDEN, refusal));
    }
    HttpMethod expected = path.equals(DRAIN) ? HttpMethod.POST : HttpMethod.GET;
    boolean head = method.equals(HttpMethod.HEAD) && expected.equals(HttpMethod.GET);
    if (!method.equals(expected) && !head) {
      return now(
          AdminResponse.text(
              HttpResponseStatus.METHOD_NOT_ALLOWED,
              method + " " + path + " (expected: " + expected + ")"));
    }
    if (!OPEN.contains(path)) {
      String authorization = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
      Optional<AdminResponse> unknown = token.refusal(path.equals(DRAIN), authorization);
      if (unknown.isPresent()) {
        return now(unknown.get());
      }
    }
    return answer(path, thread);
  }

  private CompletableFuture<AdminResponse> answer(String path, Executor thread) {
    Gateway gateway = adminTarget.gateway();
    return switch (path) {
      case "/" -> now(AdminResponse.of("text/html; charset=utf-8", page));
      case "/api/state" ->
          gateway
              .views(VIEW_TIME)
              .thenApplyAsync(
                  views ->
                      AdminResponse.of(
                          "application/json",
                          AdminStateJson.json(
                              gateway,
                              adminTarget.rejected(),
                              adminTarget.config().configStatusSnapshot(),
                              views,
                              recent.look(
                                  System.nanoTime(),
                                  gateway.uptime(),
                                  gateway.callStatistics().sums()))),
                  thread);
      case "/metrics" ->
          now(
              AdminResponse.of(
                  PrometheusText.CONTENT_TYPE,
                  PrometheusText.of(adminTarget.meters(), gateway.callStatistics().sums())));
      case "/healthz", "/livez" -> now(AdminResponse.alive());
      case "/readyz" -> now(AdminResponse.readiness(GatewayReadiness.notReadyBecause(gateway)));
      case DRAIN -> now(drain());
      default ->
          now(
              AdminResponse.text(
                  HttpResponseStatus.NOT_FOUND,
                  path
                      + " (expected: /, /api/state,"
                      + " /metrics, /healthz, /livez, /readyz or POST /api/drain)"));
    };
  }

  private AdminResponse drain() {
    log.info("event=drain_requested by=admin");
    adminTarget.drain().run();
    return AdminResponse.text(HttpResponseStatus.ACCEPTED, "draining");
  }

  private static CompletableFuture<AdminResponse> now(AdminResponse adminResponse) {
    return CompletableFuture.completedFuture(adminResponse);
  }

  /** The path of a request, without its query. */
  static String pathOf(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  private static String page() {
    try (InputStream in = AdminHandler.class.getResourceAsStream("page.html")) {
      if (in == null) {
        throw new IllegalStateException("page.html: not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
