package dev.holdfast.inprocess;

import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayOptions;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.FrontendOptions;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import io.grpc.Context;
import io.grpc.InternalServer;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.netty.channel.ChannelHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * Gateway to the gRPC services of this process for HTTP/JSON, gRPC-Web and Connect clients. A
 * request over HTTP/1.1 or HTTP/2 calls the handler directly, without a connection in between.
 *
 * <pre>{@code
 * Server server = Grpc.newServerBuilderForPort(50051, credentials).addService(orders).build().start();
 * HttpListener http = HoldfastGateway.inProcess(server).listen(8080);
 * }</pre>
 *
 * <p>Interceptors of services and of the server run as for any other call. Parts of a transport do
 * not: stream tracers, transport filters and the port's TLS. Immutable and thread-safe.
 */
public final class HoldfastGateway {
  private final ServedMethods methods;
  private final Context context;
  private final Executor executor;
  private final FrontendOptions terms;
  private final GatewayLimits limits;
  private final MeterRegistry meters;

  private HoldfastGateway(
      ServedMethods methods,
      Context context,
      Executor executor,
      FrontendOptions terms,
      GatewayLimits limits,
      MeterRegistry meters) {
    this.methods = methods;
    this.context = context;
    this.executor = executor;
    this.terms = terms;
    this.limits = limits;
    this.meters = meters;
  }

  /**
   * A gateway for the services that a server has now, with its interceptors. The server need not be
   * started.
   *
   * @throws IllegalArgumentException for a server of another builder than grpc-java's or
   *     Holdfast's, whose interceptors can't be known; use {@link #inProcess(ListPage)} then
   */
  public static HoldfastGateway inProcess(Server server) {
    return of(
        InterceptedServices.services(server),
        Context.ROOT.withValue(InternalServer.SERVER_CONTEXT_KEY, server));
  }

  /** A gateway for services with the interceptors that are bound to them already. */
  public static HoldfastGateway inProcess(List<ServerServiceDefinition> services) {
    return of(services, Context.ROOT);
  }

  private static HoldfastGateway of(List<ServerServiceDefinition> services, Context context) {
    return new HoldfastGateway(
        new ServedMethods(services),
        context,
        SharedThreads.EXECUTOR,
        FrontendOptions.DEFAULT,
        GatewayLimits.DEFAULT,
        Metrics.globalRegistry);
  }

  /**
   * A copy with another executor for interceptors and handlers. The default is a cached thread
   * pool, as in grpc-java servers.
   */
  public HoldfastGateway withExecutor(Executor value) {
    return new HoldfastGateway(methods, context, value, terms, limits, meters);
  }

  /**
   * A copy that runs handlers on the event loops. This is the cheapest way, but only for handlers
   * that never block.
   */
  public HoldfastGateway directExecutor() {
    return withExecutor(Runnable::run);
  }

  /** A copy with a CORS policy; by default no cross-origin request is allowed. */
  public HoldfastGateway withCors(CorsPolicy value) {
    return new HoldfastGateway(methods, context, executor, terms.withCors(value), limits, meters);
  }

  /**
   * A copy that serves {@code GET /openapi.json}, the OpenAPI 3.1 document of HTTP/JSON; off by
   * default. An empty version is replaced by one that changes with the schema.
   */
  public HoldfastGateway withOpenApi(String title, String version) {
    FrontendOptions more = terms.withOpenApi(OpenApiInfo.of(title, version));
    return new HoldfastGateway(methods, context, executor, more, limits, meters);
  }

  /** A copy with other limits per client; by default {@link GatewayLimits#DEFAULT}. */
  public HoldfastGateway withLimits(GatewayLimits value) {
    return new HoldfastGateway(methods, context, executor, terms, value, meters);
  }

  /** A copy with another meter registry; by default Micrometer's global registry. */
  public HoldfastGateway withMeters(MeterRegistry value) {
    return new HoldfastGateway(methods, context, executor, terms, limits, value);
  }

  /**
   * Listens on a port of loopback.
   *
   * @param port 0 takes a free one
   * @throws IOException when the port can't be bound
   */
  public HttpListener listen(int port) throws IOException {
    return listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** Listens on an address; else as {@link #listen(int)}. */
  public HttpListener listen(InetSocketAddress address) throws IOException {
    GatewayOptions options =
        GatewayOptions.listeningAt(address).withMeters(meters).withFrontend(frontend());
    return new HttpListener(
        Gateway.open(options, new GatewaySnapshot(EmptyRouter.ROUTER, Map.of(), limits)));
  }

  /**
   * A handler for another Netty server: takes over each accepted channel from its first byte, as
   * the child handler or the last of its pipeline. Shareable.
   */
  public ChannelHandler handler() {
    return new FrontendInitializer(frontend(), limits, meters);
  }

  private HttpFrontend frontend() {
    return HttpFrontend.to(
            methods.transcoder(), new InProcessCallTarget(methods, executor, context))
        .following(() -> terms);
  }

  /** Daemon threads that end after a minute of idleness. */
  private static final class SharedThreads {
    private static final Executor EXECUTOR =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "holdfast-inprocess");
              thread.setDaemon(true);
              return thread;
            });
  }
}
