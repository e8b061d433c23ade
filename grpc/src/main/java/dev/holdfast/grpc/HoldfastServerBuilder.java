package dev.holdfast.grpc;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registries;
import io.grpc.BindableService;
import io.grpc.ForwardingServerBuilder;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Builds servers that register themselves and leave without costing a call; a drop-in for {@link
 * NettyServerBuilder}.
 *
 * <pre>{@code
 * HoldfastServer server =
 *     HoldfastServerBuilder.forPort(50051)
 *         .addService(new OrdersService())
 *         .register("etcd://h1,h2,h3:2379/prod/orders")
 *         .build()
 *         .start();
 * }</pre>
 *
 * <p>grpc.health.v1 is added unless the application adds its own. Like every builder of gRPC it
 * must not be used by two threads at a time.
 */
public final class HoldfastServerBuilder extends ForwardingServerBuilder<HoldfastServerBuilder> {
  /** The variable that says what share of calls this process wants. */
  public static final String WEIGHT_VARIABLE = "HOLDFAST_WEIGHT";

  private static final String WHOLE_SERVER = "";

  private final NettyServerBuilder netty;
  private final List<String> targets = new ArrayList<>();
  private final List<String> serviceNames = new ArrayList<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private Registries registries = Registries.shared();
  private @Nullable HealthStatusManager health;
  private @Nullable String advertised;
  private @Nullable String zone;
  private @Nullable Integer weight;
  private DrainOptions drain = DrainOptions.DEFAULT;
  private boolean shutdownHook;
  private boolean built;

  private HoldfastServerBuilder(NettyServerBuilder netty) {
    this.netty = netty;
  }

  /** A plaintext server on a port of all addresses; 0 for a free one. */
  public static HoldfastServerBuilder forPort(int port) {
    return new HoldfastServerBuilder(NettyServerBuilder.forPort(port));
  }

  /** A server on a port of all addresses, with TLS or whatever the credentials say. */
  public static HoldfastServerBuilder forPort(int port, ServerCredentials credentials) {
    return new HoldfastServerBuilder(NettyServerBuilder.forPort(port, credentials));
  }

  /** A server on one address. */
  public static HoldfastServerBuilder forAddress(
      SocketAddress address, ServerCredentials credentials) {
    return new HoldfastServerBuilder(NettyServerBuilder.forAddress(address, credentials));
  }

  /**
   * Keeps the server registered from start to shutdown. May be called for several registries or
   * names.
   *
   * @param target as a channel's: {@code etcd://h1,h2:2379/prod/orders}, or {@code
   *     holdfast:///orders} in the registry that HOLDFAST_REGISTRY names
   */
  public HoldfastServerBuilder register(String target) {
    targets.add(target);
    return this;
  }

  /**
   * The address that clients should use, as {@code host} or {@code host:port}. By default
   * HOLDFAST_ADVERTISE, else POD_IP, else the local address of the route to the registry.
   */
  public HoldfastServerBuilder advertise(String hostOrAddress) {
    advertised = hostOrAddress;
    return this;
  }

  /** The zone this process runs in; HOLDFAST_ZONE by default. */
  public HoldfastServerBuilder zone(String value) {
    zone = value;
    return this;
  }

  /**
   * The share of calls relative to other instances; 1 to 10,000. By default HOLDFAST_WEIGHT, else
   * 1.
   */
  public HoldfastServerBuilder weight(int value) {
    // Fails here, where it was written, instead of in build().
    weight = Endpoint.WEIGHT.require(value);
    return this;
  }

  /** A property of this instance that clients can read. */
  public HoldfastServerBuilder metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** How long the steps of stopping take. */
  public HoldfastServerBuilder drain(DrainOptions value) {
    drain = value;
    return this;
  }

  /** Whether the end of the JVM, as by SIGTERM, stops the server in its order; false by default. */
  public HoldfastServerBuilder drainOnJvmShutdown(boolean value) {
    shutdownHook = value;
    return this;
  }

  /** The application's own health, instead of one that is SERVING from start to shutdown. */
  public HoldfastServerBuilder health(HealthStatusManager value) {
    health = value;
    return this;
  }

  /** Where targets are looked up; those of the process by default. */
  public HoldfastServerBuilder registries(Registries value) {
    registries = value;
    return this;
  }

  /** Reaches settings that only {@link NettyServerBuilder} has. */
  public HoldfastServerBuilder configureNetty(Consumer<NettyServerBuilder> settings) {
    settings.accept(netty);
    return this;
  }

  @Override
  public HoldfastServerBuilder addService(BindableService service) {
    return addService(service.bindService());
  }

  @Override
  public HoldfastServerBuilder addService(ServerServiceDefinition service) {
    serviceNames.add(service.getServiceDescriptor().getName());
    netty.addService(service);
    return this;
  }

  /**
   * @throws IllegalArgumentException when a target to register is malformed or its registry unknown
   */
  @Override
  public HoldfastServer build() {
    if (built) {
      throw new IllegalStateException("build: called twice (expected: one builder per server)");
    }
    built = true;
    List<ServerRegistration> registrations = registrations();
    DrainSignal signal = new DrainSignal(registries.context().scheduler().clock());
    OpenCalls calls = new OpenCalls(signal);
    netty.addStreamTracerFactory(calls);
    HealthStatusManager said = health == null ? new HealthStatusManager() : health;
    List<String> healthNames = new ArrayList<>();
    if (!serviceNames.contains(HealthGrpc.SERVICE_NAME)) {
      netty.addService(said.getHealthService());
    }
    if (health == null) {
      healthNames.add(WHOLE_SERVER);
      healthNames.addAll(serviceNames);
    }
    return new HoldfastServer(
        netty.build(),
        new HoldfastServer.Parts(
            registrations,
            said,
            healthNames,
            signal,
            calls,
            drain,
            shutdownHook,
            registries.context()));
  }

  @Override
  protected ServerBuilder<?> delegate() {
    return netty;
  }

  private List<ServerRegistration> registrations() {
    Map<String, String> environment = registries.context().environment();
    String ownZone =
        zone != null ? zone : environment.getOrDefault(HoldfastChannelBuilder.ZONE_VARIABLE, "");
    ServerRegistration.Options options =
        new ServerRegistration.Options(
            Optional.ofNullable(advertised), ownZone, ownWeight(environment), metadata);
    return targets.stream()
        .map(target -> new ServerRegistration(ResolvedTarget.parse(target, registries), options))
        .toList();
  }

  private int ownWeight(Map<String, String> environment) {
    if (weight != null) {
      return weight;
    }
    String text = environment.getOrDefault(WEIGHT_VARIABLE, Endpoint.WEIGHT.defaultText());
    try {
      return Endpoint.WEIGHT.require(Integer.parseInt(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          WEIGHT_VARIABLE + ": \"" + text + "\" (expected: " + Endpoint.WEIGHT.expected() + ")", e);
    }
  }
}
