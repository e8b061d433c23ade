package dev.holdfast.gateway.schema;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.gateway.route.ServiceRouter;
import dev.holdfast.gateway.schema.ReflectionException.ReflectionFailure;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Client of server reflection, with calls of the gateway's own. It has its own thread and
 * connections, so that parsing a large schema delays no request.
 */
public final class ReflectionClient implements SchemaSource, AutoCloseable {
  @Limit(
      of = "time for the whole answer of one server's reflection, in one version",
      then = "another endpoint is asked")
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final RouteOptions ROUTE =
      new RouteOptions(PATIENCE, PATIENCE, RetryPolicy.DEFAULT, Optional.empty());

  private final EventLoopGroup thread;
  private final ForwardingLoop loop;
  private final Set<Cluster> asked = Collections.newSetFromMap(new IdentityHashMap<>());

  private ReflectionClient(MeterRegistry meters) {
    thread =
        ClosingEventLoopGroup.of(
            1,
            new DefaultThreadFactory("holdfast-schema", true),
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    loop =
        new ForwardingLoop(
            thread.next().next(),
            EmptyConfig::new,
            new ForwardingLoop.ConnectionMonitoring(
                LivenessOptions.DEFAULT,
                LivenessMeters.on(meters, ConnectionRole.SERVER),
                LivenessMeters.on(meters, ConnectionRole.CLIENT),
                new GatewayMeters(meters)));
  }

  /**
   * A client with its thread started.
   *
   * @param meters for the connections
   */
  public static ReflectionClient open(MeterRegistry meters) {
    return new ReflectionClient(meters);
  }

  @Override
  public CompletionStage<ServiceSchema> ask(Cluster cluster, Endpoint endpoint) {
    CompletableFuture<ServiceSchema> answer = new CompletableFuture<>();
    ClusterOptions options =
        cluster.options().tls().map(ClusterOptions.DEFAULT::withTls).orElse(ClusterOptions.DEFAULT);
    Cluster only = Cluster.fixed(cluster.name(), EndpointSet.of(endpoint), options);
    loop.eventLoop()
        .execute(
            () -> {
              asked.add(only);
              new ReflectionStream(only, endpoint, ReflectionVersion.V1, answer).begin();
            });
    return answer.whenComplete((schema, failure) -> loop.eventLoop().execute(() -> forget(only)));
  }

  /** Closes the connections and the thread. Pending requests are not answered. */
  @Override
  public void close() {
    loop.eventLoop().execute(() -> loop.retain(Set.of()));
    var unused = thread.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private void forget(Cluster cluster) {
    asked.remove(cluster);
    loop.retain(asked);
  }

  /** Empty terms, as the loop serves no clients. */
  private record EmptyConfig(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
      implements ConfigSnapshot {
    EmptyConfig() {
      this(ServiceRouter.unknown(), Map.of(), GatewayLimits.DEFAULT);
    }
  }

  /** A reflection stream in one protocol version. Confined to the loop. */
  private final class ReflectionStream implements CallListener {
    private final Cluster cluster;
    private final Endpoint endpoint;
    private final ReflectionVersion version;
    private final CompletableFuture<ServiceSchema> answer;
    private final ReflectionExchange exchange = new ReflectionExchange();
    private final UpstreamCall call;

    ReflectionStream(
        Cluster cluster,
        Endpoint endpoint,
        ReflectionVersion version,
        CompletableFuture<ServiceSchema> answer) {
      this.cluster = cluster;
      this.endpoint = endpoint;
      this.version = version;
      this.answer = answer;
      this.call =
          new UpstreamCall(
              loop,
              UpstreamCall.headers(version.path(), endpoint.address().toString()),
              this,
              (int) ReflectionExchange.MAX_SCHEMA_BYTES);
    }

    void begin() {
      call.start(cluster, ROUTE);
      proceed();
    }

    private void proceed() {
      Optional<byte[]> question = exchange.nextRequest();
      if (question.isPresent()) {
        call.send(question.get(), 0, question.get().length, false);
        call.request(1);
      } else {
        call.cancel();
        answer.complete(ServiceSchema.of(exchange.schema()));
      }
    }

    @Override
    public void onHeaders(Http2Headers headers) {
      // Only messages matter.
    }

    @Override
    public void onMessage(byte[] bytes, int offset, int length) {
      try {
        exchange.onAnswer(Arrays.copyOfRange(bytes, offset, offset + length));
      } catch (ReflectionException e) {
        call.cancel();
        answer.completeExceptionally(e);
        return;
      }
      proceed();
    }

    @Override
    public void onEnd(CallEnd end) {
      Optional<ReflectionVersion> older = version.older();
      if (end.status() != GrpcStatusCode.UNIMPLEMENTED) {
        answer.completeExceptionally(
            new ReflectionException(
                ReflectionFailure.UNAVAILABLE,
                "reflection: " + end.status() + ": " + end.message()));
      } else if (older.isPresent()) {
        new ReflectionStream(cluster, endpoint, older.get(), answer).begin();
      } else {
        answer.completeExceptionally(
            new ReflectionException(
                ReflectionFailure.UNSUPPORTED,
                "the server has no reflection (expected: its service)"));
      }
    }
  }
}
