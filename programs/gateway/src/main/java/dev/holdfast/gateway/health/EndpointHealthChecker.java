package dev.holdfast.gateway.health;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.ConnectionOptions;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.cluster.HealthCheckResult;
import dev.holdfast.gateway.cluster.OutlierOptions;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The health check of one run of an endpoint: a {@link HealthCheck} with its connection and timer.
 * Confined to the loop of the checks.
 */
final class EndpointHealthChecker {
  @Limit(of = "bytes of an answer about health", then = "the check fails")
  static final int ANSWER_BYTES = 1_024;

  private static final Logger log = LoggerFactory.getLogger(EndpointHealthChecker.class);
  private static final OutlierOptions NEVER_LEFT_OUT =
      new OutlierOptions(0, OutlierOptions.DEFAULT.within(), OutlierOptions.DEFAULT.ejection(), 0);

  private static final HealthCheckResult UNKNOWN =
      new HealthCheckResult(EndpointHealthStatus.PENDING, "", 0, false);

  private final HealthCheckLoop loop;
  private final Cluster cluster;
  private final Endpoint endpoint;
  private final HealthCheckOptions options;
  private final HealthCheck check;
  private final ClusterOptions connecting;
  private @Nullable Cluster connection;
  private @Nullable HealthCall healthCall;
  private @Nullable ScheduledFuture<?> timer;
  private boolean hasTurn;
  private boolean closed;

  EndpointHealthChecker(
      HealthCheckLoop loop, Cluster cluster, Endpoint endpoint, HealthCheckOptions options) {
    this.loop = loop;
    this.cluster = cluster;
    this.endpoint = endpoint;
    this.options = options;
    HealthCheckResult before = cluster.health(endpoint.address()).orElse(UNKNOWN);
    this.check = new HealthCheck(options, before, System.nanoTime(), ThreadLocalRandom.current());
    ClusterOptions plain =
        ClusterOptions.DEFAULT
            .withConnecting(
                new ConnectionOptions(1, cluster.options().connectTimeout(), Duration.ZERO))
            .withOutliers(NEVER_LEFT_OUT);
    this.connecting = cluster.options().tls().map(plain::withTls).orElse(plain);
  }

  /**
   * Begins a call if one is due and a slot is free, else handles an expired deadline and sets the
   * timer.
   */
  void proceed() {
    ScheduledFuture<?> before = timer;
    if (before != null) {
      before.cancel(false);
      timer = null;
    }
    if (closed) {
      return;
    }
    long nowNanos = System.nanoTime();
    if (check.isDue(nowNanos) && !hasTurn) {
      hasTurn = loop.acquireSlot(this);
      if (!hasTurn) {
        return;
      }
    }
    HealthCheck.HealthCheckStep healthCheckStep = check.onTimeout(nowNanos);
    if (healthCheckStep == HealthCheck.HealthCheckStep.CANCEL) {
      loop.count(cluster, "timeout");
    }
    act(healthCheckStep);
  }

  /** Ends the check, its call and its connection. */
  void close() {
    closed = true;
    ScheduledFuture<?> before = timer;
    if (before != null) {
      before.cancel(false);
    }
    hangUp();
    disconnect();
    loop.forget(this);
    giveTurn();
  }

  private void act(HealthCheck.HealthCheckStep healthCheckStep) {
    switch (healthCheckStep) {
      case WATCH -> ask(HealthMethod.WATCH);
      case CHECK -> ask(HealthMethod.CHECK);
      case CANCEL -> {
        hangUp();
        disconnect();
      }
      case NONE -> {}
    }
    if (closed) {
      return;
    }
    if (check.state() != HealthCheck.HealthCheckState.ASKING) {
      giveTurn();
    }
    tell();
    long wait = check.nanosToDeadline(System.nanoTime());
    ScheduledFuture<?> before = timer;
    if (before != null) {
      before.cancel(false);
    }
    timer =
        wait == Long.MAX_VALUE
            ? null
            : loop.eventLoop().schedule(this::proceed, wait, TimeUnit.NANOSECONDS);
  }

  private void ask(HealthMethod method) {
    // A server may have answered a Check without ever ending it.
    hangUp();
    Cluster to = connection;
    if (to == null) {
      to = Cluster.fixed(cluster.name(), EndpointSet.of(endpoint), connecting);
      connection = to;
      loop.open(to);
    }
    HealthCall fresh = new HealthCall(method);
    healthCall = fresh;
    fresh.begin(to);
  }

  private void hangUp() {
    HealthCall before = healthCall;
    healthCall = null;
    if (before != null) {
      before.call.cancel();
    }
  }

  /** Closes the connection; the next call opens another one. */
  private void disconnect() {
    Cluster before = connection;
    connection = null;
    if (before != null) {
      loop.close(before);
    }
  }

  private void giveTurn() {
    if (hasTurn) {
      hasTurn = false;
      loop.releaseSlot();
    }
  }

  /** Reports a changed health to the cluster. */
  private void tell() {
    HealthCheckResult known = cluster.health(endpoint.address()).orElse(null);
    if (known != null
        && (known.health() != check.endpointHealthStatus() || !known.why().equals(check.why()))) {
      cluster.onHealth(endpoint, check.endpointHealthStatus(), check.why());
      if (known.health() != check.endpointHealthStatus()) {
        log(known.health());
      }
    }
  }

  private void log(EndpointHealthStatus before) {
    switch (check.endpointHealthStatus()) {
      case NOT_SERVING, FAILING ->
          log.warn(
              "event=endpoint_unhealthy cluster={} endpoint={} before={} now={} cause=\"{}\"",
              cluster.name(),
              endpoint.address(),
              before,
              check.endpointHealthStatus(),
              LogEscaper.escape(check.why()));
      case SERVING -> {
        if (before != EndpointHealthStatus.PENDING || !check.why().isEmpty()) {
          log.info(
              "event=endpoint_healthy cluster={} endpoint={} before={} note=\"{}\"",
              cluster.name(),
              endpoint.address(),
              before,
              check.why());
        }
      }
      case PENDING, UNCHECKED -> {}
    }
  }

  /** A call of the health service: a Watch or a Check. */
  private final class HealthCall implements CallListener {
    private final HealthMethod method;
    private final UpstreamCall call;

    HealthCall(HealthMethod method) {
      this.method = method;
      this.call =
          new UpstreamCall(
              loop.forwarding(),
              UpstreamCall.headers(method.path(), endpoint.address().toString()),
              this,
              ANSWER_BYTES);
    }

    void begin(Cluster to) {
      Duration deadline = method == HealthMethod.CHECK ? options.timeout() : Duration.ZERO;
      call.start(to, new RouteOptions(deadline, deadline, RetryPolicy.DEFAULT, Optional.empty()));
      byte[] question = ServingStatus.question(options.service());
      call.send(question, 0, question.length, true);
      call.request(1);
    }

    @Override
    public void onHeaders(Http2Headers headers) {
      // Only messages matter.
    }

    @Override
    public void onMessage(byte[] bytes, int offset, int length) {
      if (healthCall != this) {
        return;
      }
      long nowNanos = System.nanoTime();
      try {
        ServingStatus said = ServingStatus.of(bytes, offset, length);
        loop.count(cluster, said.name().toLowerCase(Locale.ROOT));
        HealthCheck.HealthCheckStep healthCheckStep = check.onStatus(said, nowNanos);
        if (healthCheckStep == HealthCheck.HealthCheckStep.NONE) {
          call.request(1);
        }
        act(healthCheckStep);
      } catch (IOException e) {
        loop.count(cluster, "failed");
        act(check.onMalformedResponse("malformed response: " + e.getMessage(), nowNanos));
      }
    }

    @Override
    public void onEnd(CallEnd end) {
      if (healthCall != this) {
        return;
      }
      healthCall = null;
      boolean rested = check.state() == HealthCheck.HealthCheckState.RESTING;
      if (check.state() == HealthCheck.HealthCheckState.ASKING) {
        loop.count(cluster, result(end.status()));
      }
      HealthCheck.HealthCheckStep healthCheckStep =
          check.onEnd(end.status(), end.message(), System.nanoTime());
      if (!rested && check.state() == HealthCheck.HealthCheckState.RESTING) {
        disconnect();
      }
      act(healthCheckStep);
    }
  }

  private static String result(GrpcStatusCode status) {
    return switch (status) {
      case UNIMPLEMENTED -> "unimplemented";
      case NOT_FOUND -> "service_unknown";
      default -> "failed";
    };
  }
}
