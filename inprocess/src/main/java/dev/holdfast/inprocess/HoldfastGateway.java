package dev.holdfast.inprocess;

import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayOptions;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.gateway.json.FaceTerms;
import dev.holdfast.gateway.json.JsonFace;
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
 * The HTTP/JSON, gRPC-Web and Connect faces of the services of this process: requests over HTTP/1.1
 * and HTTP/2 become calls of their handlers, without a connection in between.
 *
 * <pre>{@code
 * Server server = Grpc.newServerBuilderForPort(50051, credentials).addService(orders).build().start();
 * HttpListener http = HoldfastGateway.inProcess(server).listen(8080);
 * }</pre>
 *
 * <p>Interceptors, of services and of the server, are met as by any other call. What belongs to a
 * transport is not: stream tracers, transport filters and the port's TLS. Immutable and
 * thread-safe.
 */
public final class HoldfastGateway {
  private final ServedMethods methods;
  private final Context context;
  private final Executor executor;
  private final FaceTerms terms;
  private final GatewayLimits limits;
  private final MeterRegistry meters;

  private HoldfastGateway(
      ServedMethods methods,
      Context context,
      Executor executor,
      FaceTerms terms,
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
   * The services that a server has now, within its interceptors; whether it is started does not
   * matter.
   *
   * @throws IllegalArgumentException when it is none of grpc-java's or Holdfast's builders, so that
   *     its interceptors can't be known; {@link #inProcess(List)} takes its services then
   */
  public static HoldfastGateway inProcess(Server server) {
    return of(
        BuiltServer.services(server),
        Context.ROOT.withValue(InternalServer.SERVER_CONTEXT_KEY, server));
  }

  /** Services by themselves, with the interceptors that are bound to them already. */
  public static HoldfastGateway inProcess(List<ServerServiceDefinition> services) {
    return of(services, Context.ROOT);
  }

  private static HoldfastGateway of(List<ServerServiceDefinition> services, Context context) {
    return new HoldfastGateway(
        new ServedMethods(services),
        context,
        SharedThreads.EXECUTOR,
        FaceTerms.DEFAULT,
        GatewayLimits.DEFAULT,
        Metrics.globalRegistry);
  }

  /**
   * What interceptors and handlers run on; by default threads that are made as they are needed, as
   * a server of grpc-java has them.
   */
  public HoldfastGateway withExecutor(Executor value) {
    return new HoldfastGateway(methods, context, value, terms, limits, meters);
  }

  /**
   * They run on the threads that read and write connections: the cheapest way, for handlers that
   * never block.
   */
  public HoldfastGateway directExecutor() {
    return withExecutor(Runnable::run);
  }

  /** For browsers' pages of other origins; by default none may call. */
  public HoldfastGateway withCors(Cors value) {
    return new HoldfastGateway(methods, context, executor, terms.withCors(value), limits, meters);
  }

  /**
   * Serves {@code GET /openapi.json}, the OpenAPI 3.1 document of the HTTP/JSON face; by default it
   * is not. An empty version stands for one that changes with the schema.
   */
  public HoldfastGateway withOpenApi(String title, String version) {
    FaceTerms more = terms.withOpenApi(OpenApiInfo.of(title, version));
    return new HoldfastGateway(methods, context, executor, more, limits, meters);
  }

  /** What one client may cost; by default {@link GatewayLimits#DEFAULT}. */
  public HoldfastGateway withLimits(GatewayLimits value) {
    return new HoldfastGateway(methods, context, executor, terms, value, meters);
  }

  /** Receives meters; by default Micrometer's global registry. */
  public HoldfastGateway withMeters(MeterRegistry value) {
    return new HoldfastGateway(methods, context, executor, terms, limits, value);
  }

  /**
   * Listens at a port of loopback.
   *
   * @param port 0 takes a free one
   * @throws IOException when it can't be listened at
   */
  public HttpListener listen(int port) throws IOException {
    return listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** Listens at an address; else as {@link #listen(int)}. */
  public HttpListener listen(InetSocketAddress address) throws IOException {
    GatewayOptions options =
        GatewayOptions.listeningAt(address).withMeters(meters).withFace(face());
    return new HttpListener(
        Gateway.open(options, new GatewaySnapshot(FacesOnly.ROUTER, Map.of(), limits)));
  }

  /**
   * For a Netty server of one's own: takes each accepted channel from its first byte on, as its
   * child handler or the last of its pipeline. Shareable.
   */
  public ChannelHandler handler() {
    return new MountedFace(face(), limits, meters);
  }

  private JsonFace face() {
    return JsonFace.to(methods.transcoder(), new DirectTarget(methods, executor, context))
        .following(() -> terms);
  }

  /** Threads that end when they are idle for a minute and keep no process alive. */
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
