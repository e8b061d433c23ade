package dev.holdfast.gateway;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.cluster.HealthCheckResult;
import dev.holdfast.gateway.health.HealthCheckOptions;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** A gateway that checks the health of stock servers behind it. */
final class HealthRig implements AutoCloseable {
  private static final String WATCH = "grpc.health.v1.Health/Watch";
  private static final String CHECK = "grpc.health.v1.Health/Check";

  final GatewayRig rig = new GatewayRig();

  /** A stock server of gRPC with a service of bytes and one of health, or none. */
  final class Backend implements ServerInterceptor {
    final Echo echo = new Echo();
    final HealthStatusManager manager = new HealthStatusManager();
    final AtomicInteger watches = new AtomicInteger();
    final AtomicInteger checks = new AtomicInteger();
    final Set<String> connections = ConcurrentHashMap.newKeySet();
    final String address;

    private Backend(Predicate<HealthStatusManager> own, BindableService... other)
        throws IOException {
      NettyServerBuilder server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(echo)
              .intercept(this)
              .directExecutor();
      if (own.test(manager)) {
        server.addService(manager.getHealthService());
      }
      for (BindableService each : other) {
        server.addService(each);
      }
      Server started = server.build().start();
      rig.closing(started::shutdownNow);
      address = "127.0.0.1:" + started.getPort();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String method = call.getMethodDescriptor().getFullMethodName();
      if (method.equals(WATCH) || method.equals(CHECK)) {
        (method.equals(WATCH) ? watches : checks).incrementAndGet();
        connections.add(String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)));
      }
      return next.startCall(call, headers);
    }
  }

  /** With a health service of grpc-java. */
  Backend backend() throws IOException {
    return new Backend(manager -> true);
  }

  /** With another one. */
  Backend backend(BindableService other) throws IOException {
    return new Backend(manager -> false, other);
  }

  /** With none. */
  Backend backendWithoutHealth() throws IOException {
    return new Backend(manager -> false);
  }

  /** A gateway before them. */
  Gateway gateway(HealthCheckOptions options, Backend... backends) throws IOException {
    String[] addresses = new String[backends.length];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = backends[i].address;
    }
    GatewaySnapshot plain = rig.snapshot(addresses);
    return rig.gateway(
        new GatewaySnapshot(
            plain.router(), plain.clusters(), plain.limits(), Map.of("echo", options)));
  }

  static HealthCheckResult health(Gateway gateway, Backend of) {
    Cluster cluster = Objects.requireNonNull(gateway.snapshot().clusters().get("echo"));
    return cluster.health(Endpoint.of(of.address).address()).orElseThrow();
  }

  static void awaitHealth(Gateway gateway, Backend of, EndpointHealthStatus expected) {
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(() -> health(gateway, of).health() == expected);
  }

  /** Calls until one of several rounds in a row went to nobody but one. */
  static void awaitOnly(ManagedChannel channel, Backend only, Backend... others) {
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(
            () -> {
              int before = calls(others);
              int own = only.echo.calls.get();
              call(channel, 20);
              return calls(others) == before && only.echo.calls.get() == own + 20;
            });
  }

  static void call(ManagedChannel channel, int times) {
    for (int i = 0; i < times; i++) {
      byte[] answer =
          ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[] {1});
      Objects.requireNonNull(answer);
    }
  }

  static int calls(Backend... of) {
    int calls = 0;
    for (Backend each : of) {
      calls += each.echo.calls.get();
    }
    return calls;
  }

  double checked(String result) {
    Counter counter =
        rig.meters.find("holdfast.gateway.health.checks").tag("result", result).counter();
    return counter == null ? 0 : counter.count();
  }

  @Override
  public void close() {
    rig.close();
  }
}
