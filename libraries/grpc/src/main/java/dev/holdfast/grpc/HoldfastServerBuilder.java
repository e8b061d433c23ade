package dev.holdfast.grpc;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.PathProfile;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.internal.admin.AdminSetting;
import dev.holdfast.grpc.internal.admin.CallFailureRecorder;
import dev.holdfast.grpc.internal.admin.PeerAgents;
import dev.holdfast.grpc.internal.resolver.ResolvedTarget;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.BindableService;
import io.grpc.ForwardingServerBuilder;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A builder of servers that register themselves and shut down without failing a call; a drop-in for
 * {@link NettyServerBuilder}.
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
  private static final int LARGEST_PORT = 65_535;

  /** The time from which on gRPC treats a duration as "never". */
  private static final Duration FOR_EVER = Duration.ofDays(1_000);

  private final NettyServerBuilder netty;
  private final ServerChannelFactory connections;
  private final List<String> targets = new ArrayList<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private Registries registries = Registries.shared();
  private final ServedServices services =
      new ServedServices(() -> registries.context().environment());
  private @Nullable HealthStatusManager health;
  private @Nullable String advertised;
  private @Nullable String zone;
  private @Nullable Integer weight;
  private DrainOptions drain = DrainOptions.DEFAULT;
  private boolean shutdownHook;
  private boolean registerOnStart = true;
  private final List<Consumer<ClientGone>> goneListeners = new ArrayList<>();
  private @Nullable LivenessOptions liveness;
  private boolean livenessOff;
  private final BuilderKeepaliveLinter keepalive =
      new BuilderKeepaliveLinter(ConnectionRole.SERVER);
  private boolean permitSaid;
  private boolean ageSaid;
  private Duration ageGrace = FOR_EVER;
  private final InboundLimit messageLimit = InboundLimit.ofMessages();
  private final InboundLimit metadataLimit = InboundLimit.ofMetadata();
  private final AdminSetting admin = new AdminSetting();
  private boolean built;

  private HoldfastServerBuilder(NettyServerBuilder netty) {
    this.netty = netty;
    this.connections = ServerChannelFactory.of(netty);
  }

  /**
   * A plaintext server on a port of all addresses; 0 for a free one.
   *
   * @throws IllegalArgumentException when there is no such port
   */
  public static HoldfastServerBuilder forPort(int port) {
    return new HoldfastServerBuilder(NettyServerBuilder.forPort(requirePort(port)));
  }

  /**
   * A server on a port of all addresses, with TLS or whatever the credentials say; 0 for a free
   * port.
   *
   * @throws IllegalArgumentException when there is no such port
   */
  public static HoldfastServerBuilder forPort(int port, ServerCredentials credentials) {
    return new HoldfastServerBuilder(NettyServerBuilder.forPort(requirePort(port), credentials));
  }

  /** A server on one address. */
  public static HoldfastServerBuilder forAddress(
      SocketAddress address, ServerCredentials credentials) {
    return new HoldfastServerBuilder(NettyServerBuilder.forAddress(address, credentials));
  }

  /**
   * A server on a builder that a framework has set up, before services are added to it. Settings of
   * connections that Holdfast takes into account, such as the maximum age, are to be made here.
   * Limits of messages and metadata stay as the framework has set them: for resumable streams with
   * cursors, metadata needs 8 KiB more than the application's own.
   */
  public static HoldfastServerBuilder over(NettyServerBuilder netty) {
    HoldfastServerBuilder builder = new HoldfastServerBuilder(netty);
    builder.messageLimit.markUnknown();
    builder.metadataLimit.markUnknown();
    return builder;
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
   * Whether {@link HoldfastServer#start} registers the server; true by default. Otherwise {@link
   * HoldfastServer#register} does, in an application that is ready later than its port.
   */
  public HoldfastServerBuilder registerOnStart(boolean value) {
    registerOnStart = value;
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

  /** Sets the time limits of the steps of the shutdown. */
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

  /**
   * Sets the registries in which targets are resolved, with the environment of their context; by
   * default those of the process. To be set before services are added.
   */
  public HoldfastServerBuilder registries(Registries value) {
    registries = value;
    return this;
  }

  /**
   * Sets the profile of the network path between the clients and this server. Default: {@code
   * HOLDFAST_PATH}; without it, values for an unknown path.
   *
   * <p>The server then permits clients to ping every 5 s, with or without calls, unless {@link
   * #permitKeepAliveTime} sets another spacing.
   */
  public HoldfastServerBuilder path(PathProfile value) {
    keepalive.path(value.idleTimeout());
    return liveness(LivenessOptions.of(value));
  }

  /**
   * Sets the idle time after which the path to the clients drops a connection; 1 s or more.
   * Otherwise the same as {@link #path}.
   */
  public HoldfastServerBuilder idleTimeoutOfPath(Duration value) {
    keepalive.path(Optional.of(value));
    return liveness(LivenessOptions.ofPathIdleTimeout(value));
  }

  /** When a silent client is asked, suspected and closed, in every detail. */
  public HoldfastServerBuilder liveness(LivenessOptions value) {
    liveness = value;
    livenessOff = false;
    return this;
  }

  /**
   * Leaves connections to gRPC alone. So it is too when the application brings a channel type of
   * its own by {@link #configureNetty}.
   */
  public HoldfastServerBuilder withoutLiveness() {
    livenessOff = true;
    return this;
  }

  /**
   * Adds a listener for every client connection that has ended, with the reason; never called for a
   * late PING alone. May be called several times.
   *
   * @param listener called once per connection on a thread of the common pool
   */
  public HoldfastServerBuilder onClientGone(Consumer<ClientGone> listener) {
    goneListeners.add(listener);
    return this;
  }

  /**
   * gRPC's own keepalive, which closes a connection after a single late answer; liveness needs
   * none. gRPC raises less than 10 s to 10 s. What is wrong with it is said in the log when the
   * server is built.
   */
  @Override
  public HoldfastServerBuilder keepAliveTime(long keepAliveTime, TimeUnit timeUnit) {
    keepalive.time(Duration.ofNanos(timeUnit.toNanos(keepAliveTime)));
    return super.keepAliveTime(keepAliveTime, timeUnit);
  }

  /** Sets how long gRPC's own keepalive waits for an answer; 20 s by default. */
  @Override
  public HoldfastServerBuilder keepAliveTimeout(long keepAliveTimeout, TimeUnit timeUnit) {
    keepalive.timeout(Duration.ofNanos(timeUnit.toNanos(keepAliveTimeout)));
    return super.keepAliveTimeout(keepAliveTimeout, timeUnit);
  }

  /**
   * Sets the shortest spacing of client PINGs that is no abuse; more frequent PINGs end the
   * connection. 5 min by default, 5 s where a path is set.
   */
  @Override
  public HoldfastServerBuilder permitKeepAliveTime(long keepAliveTime, TimeUnit timeUnit) {
    permitSaid = true;
    return super.permitKeepAliveTime(keepAliveTime, timeUnit);
  }

  /** Whether they may while they have no call; false by default, true where a path was said. */
  @Override
  public HoldfastServerBuilder permitKeepAliveWithoutCalls(boolean permit) {
    permitSaid = true;
    return super.permitKeepAliveWithoutCalls(permit);
  }

  /**
   * The age at which a connection gets a GOAWAY, so that its client makes its new calls on another;
   * 1 s or more, give or take 10 % at random, none by default. Its streams hear of it by {@link
   * HoldfastServer#DRAIN}, unless the application brings a channel type of its own by {@link
   * #configureNetty}.
   */
  @Override
  public HoldfastServerBuilder maxConnectionAge(long maxConnectionAge, TimeUnit timeUnit) {
    ageSaid = true;
    return super.maxConnectionAge(maxConnectionAge, timeUnit);
  }

  /**
   * Sets the grace time of streams after the maximum connection age, after which they are cut;
   * unlimited by default.
   */
  @Override
  public HoldfastServerBuilder maxConnectionAgeGrace(long grace, TimeUnit timeUnit) {
    Duration said = Duration.ofNanos(timeUnit.toNanos(grace));
    ageGrace = said.compareTo(FOR_EVER) > 0 ? FOR_EVER : said;
    return super.maxConnectionAgeGrace(grace, timeUnit);
  }

  /**
   * The most bytes of a message of a client; 4 MiB by default. For servers with resumable streams
   * gRPC is told as much more as a stream's header takes.
   */
  @Override
  public HoldfastServerBuilder maxInboundMessageSize(int bytes) {
    messageLimit.set(bytes);
    return super.maxInboundMessageSize(bytes);
  }

  /**
   * Sets the most bytes of the application's metadata of a call; 8 KiB by default. For servers with
   * resumable streams gRPC is told as much more as the handshake of a stream takes, which may carry
   * a cursor.
   */
  @Override
  public HoldfastServerBuilder maxInboundMetadataSize(int bytes) {
    metadataLimit.set(bytes);
    return super.maxInboundMetadataSize(bytes);
  }

  /**
   * Starts the admin service of this process with the server, unless it runs, and publishes its
   * address with the server's registrations; by default where {@code HOLDFAST_ADMIN} says so. It
   * lasts as long as the process.
   */
  public HoldfastServerBuilder admin(AdminOptions value) {
    admin.set(value);
    return this;
  }

  /** Reaches settings that only {@link NettyServerBuilder} has. */
  public HoldfastServerBuilder configureNetty(Consumer<NettyServerBuilder> settings) {
    messageLimit.markUnknown();
    metadataLimit.markUnknown();
    settings.accept(netty);
    return this;
  }

  @Override
  public HoldfastServerBuilder addService(BindableService service) {
    return addService(service.bindService());
  }

  @Override
  public HoldfastServerBuilder addService(ServerServiceDefinition service) {
    netty.addService(services.add(service));
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
    Map<String, String> environment = registries.context().environment();
    DrainSignal signal = new DrainSignal(registries.context().scheduler().clock());
    Optional<LivenessOptions> path = watch(environment);
    HoldfastServerHooks self =
        new HoldfastServerHooks(
            signal,
            path.flatMap(HoldfastChannelHooks::heartbeatOf),
            registrations,
            Optional.ofNullable(advertised),
            environment,
            services.marshallers());
    OpenCallCounter calls = new OpenCallCounter(self, services.streams());
    messageLimit.limit().ifPresent(n -> netty.maxInboundMessageSize(services.withHeader(n)));
    metadataLimit.limit().ifPresent(n -> netty.maxInboundMetadataSize(services.withHandshake(n)));
    netty.addStreamTracerFactory(calls);
    if (ageSaid) {
      ConnectionDrainSignals ages =
          new ConnectionDrainSignals(signal, ageGrace, registries.context().scheduler().clock());
      connections.limitAge(ages);
      netty.intercept(ages);
    }
    if (admin.isOn(environment)) {
      PeerAgents agents = new PeerAgents();
      connections.recordAgents(agents);
      netty.intercept(agents);
      netty.addStreamTracerFactory(
          CallFailureRecorder.ofServer(services.names(), HealthGrpc.SERVICE_NAME));
    }
    HealthStatusManager said = health == null ? new HealthStatusManager() : health;
    List<String> healthNames = new ArrayList<>();
    if (!services.names().contains(HealthGrpc.SERVICE_NAME)) {
      netty.addService(said.getHealthService());
    }
    if (health == null) {
      healthNames.add(WHOLE_SERVER);
      healthNames.addAll(services.names());
    }
    return new HoldfastServer(
        netty.build(),
        new HoldfastServer.ServerComponents(
            registrations,
            said,
            healthNames,
            self,
            calls,
            drain,
            shutdownHook,
            registerOnStart,
            admin,
            registries.context()));
  }

  @Override
  protected ServerBuilder<?> delegate() {
    return netty;
  }

  /** Applies the liveness options of the path, unless liveness is off, and returns them. */
  private Optional<LivenessOptions> watch(Map<String, String> environment) {
    if (livenessOff) {
      return Optional.ofNullable(liveness);
    }
    boolean said = liveness != null || PathSetting.value(environment).isPresent();
    Optional<LivenessOptions> path =
        Optional.ofNullable(liveness).or(() -> keepalive.environmentLiveness(environment));
    path.ifPresent(
        options -> {
          keepalive.warn(String.join(",", services.names()), options);
          connections.watch(options, registries.context().meters(), goneListeners);
          if (said && !permitSaid) {
            ServerChannelFactory.permitPings(netty);
          }
        });
    return path;
  }

  private static int requirePort(int port) {
    if (port < 0 || port > LARGEST_PORT) {
      throw new IllegalArgumentException(
          "port: " + port + " (expected: 0 to " + LARGEST_PORT + ")");
    }
    return port;
  }

  private List<ServerRegistration> registrations() {
    Map<String, String> environment = registries.context().environment();
    String ownZone =
        zone != null ? zone : environment.getOrDefault(HoldfastChannelBuilder.ZONE_VARIABLE, "");
    ServerRegistration.ServerRegistrationOptions serverRegistrationOptions =
        new ServerRegistration.ServerRegistrationOptions(
            Optional.ofNullable(advertised),
            ownZone,
            WeightSetting.of(weight, environment),
            metadata);
    return targets.stream()
        .map(
            target ->
                new ServerRegistration(
                    ResolvedTarget.parse(target, registries), serverRegistrationOptions))
        .toList();
  }
}
