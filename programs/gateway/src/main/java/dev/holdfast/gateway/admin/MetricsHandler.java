package dev.holdfast.gateway.admin;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Handler of the requests of scrapers and probes. Confined to the listener's thread. */
final class MetricsHandler implements AdminRequestHandler {
  private final AdminAccessPolicy policy;
  private final Supplier<Optional<String>> notReadyBecause;
  private final Supplier<String> metrics;

  MetricsHandler(
      AdminAccessPolicy policy,
      Supplier<Optional<String>> notReadyBecause,
      Supplier<String> metrics) {
    this.policy = policy;
    this.notReadyBecause = notReadyBecause;
    this.metrics = metrics;
  }

  @Override
  public CompletableFuture<AdminResponse> answer(HttpRequest request, Executor thread) {
    return CompletableFuture.completedFuture(response(request));
  }

  private AdminResponse response(HttpRequest request) {
    String path = AdminHandler.pathOf(request.uri());
    HttpMethod method = request.method();
    String refusal = policy.refusal(method, request.headers(), true);
    if (refusal != null) {
      return AdminResponse.text(HttpResponseStatus.FORBIDDEN, refusal);
    }
    if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
      return AdminResponse.text(
          HttpResponseStatus.METHOD_NOT_ALLOWED, method + " " + path + " (expected: GET)");
    }
    return switch (path) {
      case "/metrics" -> AdminResponse.of(PrometheusText.CONTENT_TYPE, metrics.get());
      case "/livez" -> AdminResponse.alive();
      case "/readyz" -> AdminResponse.readiness(notReadyBecause.get());
      default ->
          AdminResponse.text(
              HttpResponseStatus.NOT_FOUND, path + " (expected: /metrics, /livez or /readyz)");
    };
  }
}
