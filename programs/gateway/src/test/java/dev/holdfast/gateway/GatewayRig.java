package dev.holdfast.gateway;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.loop.LoopView;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.traffic.ConnectionListener;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A gateway of one route, and what is in front of and behind it. */
public final class GatewayRig implements AutoCloseable {
  /** A server on a busy machine may take longer than the default for its SETTINGS. */
  private static final LivenessOptions PATIENT_LIVENESS =
      LivenessOptions.DEFAULT.withConnectWithin(Duration.ofMinutes(2));

  static final long PATIENCE_SECONDS = 300;

  /**
   * The default options but for the time that a connection and its handshake may take: a busy
   * machine needs longer than production does.
   */
  static final ClusterOptions PATIENT =
      ClusterOptions.DEFAULT.withConnectTimeout(Duration.ofMinutes(1));

  public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private GatewayLimits limits = GatewayLimits.DEFAULT;
  private DrainTimes drain = new DrainTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);
  private RouteOptions terms = RouteOptions.DEFAULT;
  private ClusterOptions cluster = PATIENT;
  private @Nullable Frontend frontend;
  private Transport transport = Transport.PLAINTEXT;
  private GatewayMemory memory = GatewayMemory.ofProcess();
  private ConnectionListener connections = ConnectionListener.NONE;
  private int threads = 1;

  public GatewayRig limits(GatewayLimits value) {
    limits = value;
    return this;
  }

  GatewayRig drain(DrainTimes value) {
    drain = value;
    return this;
  }

  GatewayRig terms(RouteOptions value) {
    terms = value;
    return this;
  }

  GatewayRig memory(GatewayMemory value) {
    memory = value;
    return this;
  }

  /** Gateways have that many event loops; one by default. */
  GatewayRig threads(int value) {
    threads = value;
    return this;
  }

  /** Gateways listen for this one, too. */
  GatewayRig transport(Transport value) {
    transport = value;
    return this;
  }

  GatewayRig connections(ConnectionListener value) {
    connections = value;
    return this;
  }

  GatewayRig frontend(Frontend value) {
    frontend = value;
    return this;
  }

  GatewayRig cluster(ClusterOptions value) {
    cluster = value;
    return this;
  }

  /** Closed with the rig, before what was handed in earlier. */
  public <T extends AutoCloseable> T closing(T thing) {
    open.push(thing);
    return thing;
  }

  /** A server of gRPC with this service; where it listens. */
  public String serve(BindableService service) throws IOException {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(service)
            .directExecutor()
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build()
            .start();
    closing(server::shutdownNow);
    return "127.0.0.1:" + server.getPort();
  }

  public GatewaySnapshot snapshot(String... endpoints) {
    EndpointSet set = EndpointSet.of(Stream.of(endpoints).map(Endpoint::of).toList());
    Route route = new Route("all", "echo", terms);
    return new GatewaySnapshot(
        head -> route, Map.of("echo", Cluster.fixed("echo", set, cluster)), limits);
  }

  /**
   * Connects a client as if the times of the gateway's limits were those by default, as a busy
   * machine may need them: limits count for connections that are accepted from then on.
   */
  static <T> T patiently(Gateway gateway, Callable<T> client) throws Exception {
    GatewaySnapshot before = gateway.snapshot();
    GatewayLimits limits = before.limits();
    gateway.apply(
        limited(
            before,
            new GatewayLimits(
                limits.connections(),
                limits.streams(),
                limits.headerListBytes(),
                limits.streamWindowBytes(),
                limits.connectionBytes(),
                GatewayLimits.HANDSHAKE,
                GatewayLimits.IDLE)));
    try {
      return client.call();
    } finally {
      gateway.apply(limited(gateway.snapshot(), limits));
    }
  }

  private static GatewaySnapshot limited(GatewaySnapshot snapshot, GatewayLimits limits) {
    return new GatewaySnapshot(snapshot.router(), snapshot.clusters(), limits, snapshot.health());
  }

  public Gateway gateway(String... endpoints) throws IOException {
    return gateway(snapshot(endpoints));
  }

  public Gateway gateway(GatewaySnapshot snapshot) throws IOException {
    GatewayOptions options =
        GatewayOptions.listeningAt(transport.listeners(this))
            .withThreads(threads)
            .withDrain(drain)
            .withLiveness(PATIENT_LIVENESS)
            .withMeters(meters)
            .withConnections(connections);
    if (frontend != null) {
      options = options.withFrontend(frontend);
    }
    return closing(Gateway.open(options, snapshot, memory));
  }

  public ManagedChannel channel(Gateway gateway) {
    return channel(gateway.address());
  }

  public ManagedChannel channel(InetSocketAddress at) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(at)
            .usePlaintext()
            .directExecutor()
            .disableRetry()
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build();
    closing(channel::shutdownNow);
    return channel;
  }

  public RawPeer client(Gateway gateway) {
    RawPeer peer = RawPeer.connect(transport.address(gateway), transport);
    closing(peer::close);
    return peer;
  }

  /** What a gateway keeps of others' bytes now. */
  static long kept(Gateway gateway) {
    return gateway.views(Duration.ofSeconds(PATIENCE_SECONDS)).join().stream()
        .mapToLong(LoopView::keptBytes)
        .sum();
  }

  /** How often a limit was met. */
  public double met(String limit) {
    return meters.get("holdfast.gateway.limited").tag("limit", limit).counter().count();
  }

  @Override
  public void close() {
    List.copyOf(open)
        .forEach(
            thing -> {
              try {
                thing.close();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    open.clear();
  }
}
