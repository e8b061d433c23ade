package dev.holdfast.grpc;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.NearestName;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.PathProfile;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.internal.admin.AdminSetting;
import dev.holdfast.grpc.internal.admin.CallFailureRecorder;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancerConfig;
import dev.holdfast.grpc.internal.resolver.ResolvedTarget;
import dev.holdfast.grpc.internal.resolver.TargetHandover;
import dev.holdfast.grpc.internal.resolver.TargetSyntax;
import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingChannelBuilder2;
import io.grpc.InternalManagedChannelBuilder;
import io.grpc.LoadBalancerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A builder of channels that discover a service through a registry; a drop-in for {@link
 * NettyChannelBuilder}.
 *
 * <pre>{@code
 * ManagedChannel channel =
 *     HoldfastChannelBuilder.forTarget("etcd://h1,h2,h3:2379/prod/orders", credentials).build();
 * }</pre>
 *
 * <p>Without any setting: calls are spread over all instances by the policy {@code holdfast}, new
 * instances are warmed up for 10 s, and calls of methods declared idempotent are sent again when
 * their connection dies. Like every builder of gRPC it must not be used by two threads at a time.
 */
public final class HoldfastChannelBuilder
    extends ForwardingChannelBuilder2<HoldfastChannelBuilder> {
  /** Its types are not public, and an application may not have them. */
  private static final String TRACING_PACKAGE = "io.grpc.opentelemetry.";

  /** The variable that names the zone this process runs in. */
  public static final String ZONE_VARIABLE = "HOLDFAST_ZONE";

  static final boolean RETRY_IDEMPOTENT = true;

  private static final String LOAD_BALANCING_CONFIG = "loadBalancingConfig";
  private static final List<String> USUAL_POLICIES =
      List.of(
          HoldfastLoadBalancerProvider.POLICY_NAME,
          "round_robin",
          "pick_first",
          "weighted_round_robin",
          "least_request_experimental",
          "ring_hash_experimental",
          "outlier_detection_experimental",
          "random_subsetting_experimental");
  private static final int NEAR_ENOUGH_EDITS = 4;

  private final NettyChannelBuilder netty;
  private final ClientChannelFactory connections;
  private final Registries registries;
  private final String service;
  private @Nullable String zone;
  private @Nullable Duration slowStart;
  private String policy = HoldfastLoadBalancerProvider.POLICY_NAME;
  private boolean retryIdempotent = RETRY_IDEMPOTENT;
  private RetryOptions retryOptions = RetryOptions.DEFAULT;
  private Map<String, ?> serviceConfig = Map.of();
  private @Nullable LivenessOptions liveness;
  private boolean livenessOff;
  private final BuilderKeepaliveLinter keepalive =
      new BuilderKeepaliveLinter(ConnectionRole.CLIENT);
  private final InboundLimit inboundMessageLimit = InboundLimit.ofMessages();
  private final List<ClientInterceptor> aboveRetry = new ArrayList<>();
  private final List<InterceptorFactory> withTarget = new ArrayList<>();
  private final AdminSetting admin = new AdminSetting();
  private @Nullable Map<String, Object> serviceConfigBeforeNetty;
  private boolean built;

  private HoldfastChannelBuilder(
      String target, @Nullable ChannelCredentials credentials, Registries registries) {
    this.registries = registries;
    String asked = TargetSyntax.registryTarget(target, registries.providers().keySet());
    if (asked.isEmpty()) {
      service = target;
      netty = nettyBuilder(target, credentials);
      connections = begun(netty, registries);
      return;
    }
    ResolvedTarget resolved = ResolvedTarget.parse(asked, registries);
    service = resolved.service().service().path();
    // grpc sees the service only: so channelz and metrics show the same name on a laptop and in
    // production, and never a password; what it is resolved by travels beside it.
    netty = nettyBuilder(TargetHandover.shownTarget(resolved), credentials);
    TargetHandover.handOver(resolved, netty);
    connections = begun(netty, registries);
  }

  /**
   * A channel to a service.
   *
   * @param target {@code scheme://authority/namespace/service} of a registry on the class path,
   *     {@code holdfast:///service} for the registry that HOLDFAST_REGISTRY names, {@code
   *     host:port} (resolved and refreshed by DNS), or whatever stock grpc-java knows. TLS unless
   *     {@link #usePlaintext()} is called
   * @throws IllegalArgumentException saying what was given and what was expected
   */
  public static HoldfastChannelBuilder forTarget(String target) {
    return new HoldfastChannelBuilder(target, null, Registries.shared());
  }

  /** As {@link #forTarget(String)}, with credentials, as of {@link io.grpc.Grpc}. */
  public static HoldfastChannelBuilder forTarget(String target, ChannelCredentials credentials) {
    return new HoldfastChannelBuilder(target, credentials, Registries.shared());
  }

  /** As {@link #forTarget(String)}, with registries of the caller's own. */
  public static HoldfastChannelBuilder forTarget(String target, Registries registries) {
    return new HoldfastChannelBuilder(target, null, registries);
  }

  /** As {@link #forTarget(String, ChannelCredentials)}, with registries of the caller's own. */
  public static HoldfastChannelBuilder forTarget(
      String target, ChannelCredentials credentials, Registries registries) {
    return new HoldfastChannelBuilder(target, credentials, registries);
  }

  /** A channel to a host, which is resolved and refreshed by DNS. */
  public static HoldfastChannelBuilder forAddress(String host, int port) {
    return forTarget(new HostPort(host, port).toString());
  }

  /**
   * The zone this process runs in: endpoints of it are preferred while enough of them work. By
   * default HOLDFAST_ZONE, without which there is no preference.
   */
  public HoldfastChannelBuilder zone(String value) {
    zone = value;
    return this;
  }

  /**
   * Sets the slow start: the time in which a new endpoint grows into its share; zero to an hour, 10
   * s by default. The endpoints of the first list get their full share at once.
   */
  public HoldfastChannelBuilder slowStart(Duration value) {
    slowStart = new HoldfastLoadBalancerConfig("", value).slowStart();
    return this;
  }

  /**
   * The policy that chooses between endpoints, by the name it has in a service config; {@code
   * holdfast} by default.
   *
   * @throws IllegalArgumentException when no policy of that name is on the class path
   */
  public HoldfastChannelBuilder loadBalancing(String value) {
    if (LoadBalancerRegistry.getDefaultRegistry().getProvider(value) == null) {
      String nearest = NearestName.of(value, USUAL_POLICIES, NEAR_ENOUGH_EDITS);
      throw new IllegalArgumentException(
          "loadBalancing: \""
              + value
              + "\" (expected: "
              + (nearest.isEmpty()
                  ? "a policy on the class path, such as " + String.join(", ", USUAL_POLICIES)
                  : nearest)
              + ")");
    }
    policy = value;
    return this;
  }

  /** The same as {@link #loadBalancing}. */
  @Override
  public HoldfastChannelBuilder defaultLoadBalancingPolicy(String value) {
    return loadBalancing(value);
  }

  /**
   * Whether calls of methods declared idempotent are sent again when their connection dies; true by
   * default. Other methods never are, except by gRPC itself when they provably reached no server.
   */
  public HoldfastChannelBuilder retryIdempotent(boolean value) {
    retryIdempotent = value;
    return this;
  }

  /**
   * Adds an interceptor outside of {@link #retryIdempotent}: it meets a call once, where one of
   * {@link #intercept} meets each attempt. A deadline that is to hold for all attempts belongs
   * here.
   */
  public HoldfastChannelBuilder interceptAboveRetry(ClientInterceptor interceptor) {
    aboveRetry.add(interceptor);
    return this;
  }

  /**
   * Adds interceptors, which meet each attempt of a call that Holdfast sends again; but gRPC's
   * tracing, which meets a call once, as it has a span for the call and one in it for each attempt
   * (gRFC A72).
   */
  @Override
  public HoldfastChannelBuilder intercept(List<ClientInterceptor> interceptors) {
    for (ClientInterceptor interceptor : interceptors) {
      if (interceptor.getClass().getName().startsWith(TRACING_PACKAGE)) {
        aboveRetry.add(interceptor);
      } else {
        netty.intercept(interceptor);
      }
    }
    return this;
  }

  /** The same as {@link #intercept(List)}. */
  @Override
  public HoldfastChannelBuilder intercept(ClientInterceptor... interceptors) {
    return intercept(List.of(interceptors));
  }

  /** gRPC's metrics come this way: they count a call once, with all attempts. */
  @Override
  protected HoldfastChannelBuilder interceptWithTarget(InterceptorFactory factory) {
    withTarget.add(factory);
    return this;
  }

  /** The bounds of {@link #retryIdempotent}. */
  public HoldfastChannelBuilder retryOptions(RetryOptions value) {
    retryOptions = value;
    return this;
  }

  /**
   * The service config in force while the registry brings none. A load-balancing policy in it
   * replaces {@link #loadBalancing}.
   */
  @Override
  public HoldfastChannelBuilder defaultServiceConfig(@Nullable Map<String, ?> value) {
    serviceConfig = value == null ? Map.of() : value;
    return this;
  }

  /**
   * Sets the profile of the network path between this process and the servers. Default: {@code
   * HOLDFAST_PATH}; without it, values for an unknown path.
   */
  public HoldfastChannelBuilder path(PathProfile value) {
    keepalive.path(value.idleTimeout());
    return liveness(LivenessOptions.of(value));
  }

  /** Sets the idle time after which the path to the servers drops a connection; 1 s or more. */
  public HoldfastChannelBuilder idleTimeoutOfPath(Duration value) {
    keepalive.path(Optional.of(value));
    return liveness(LivenessOptions.ofPathIdleTimeout(value));
  }

  /** When a silent connection is asked, suspected and closed, in every detail. */
  public HoldfastChannelBuilder liveness(LivenessOptions value) {
    liveness = value;
    livenessOff = false;
    return this;
  }

  /**
   * Leaves connections to gRPC alone: no probes, no proof before use, no replacements. So it is too
   * when the application brings a channel type of its own by {@link #configureNetty}.
   */
  public HoldfastChannelBuilder withoutLiveness() {
    livenessOff = true;
    return this;
  }

  /**
   * gRPC's own keepalive, which closes a connection after a single late answer; liveness needs
   * none. What is wrong with it is said in the log when the channel is built.
   */
  @Override
  public HoldfastChannelBuilder keepAliveTime(long keepAliveTime, TimeUnit timeUnit) {
    keepalive.time(Duration.ofNanos(timeUnit.toNanos(keepAliveTime)));
    return super.keepAliveTime(keepAliveTime, timeUnit);
  }

  /** Sets how long gRPC's own keepalive waits for an answer; 20 s by default. */
  @Override
  public HoldfastChannelBuilder keepAliveTimeout(long keepAliveTimeout, TimeUnit timeUnit) {
    keepalive.timeout(Duration.ofNanos(timeUnit.toNanos(keepAliveTimeout)));
    return super.keepAliveTimeout(keepAliveTimeout, timeUnit);
  }

  /** Whether gRPC's own keepalive goes on while there is no call; false by default. */
  @Override
  public HoldfastChannelBuilder keepAliveWithoutCalls(boolean enable) {
    keepalive.withoutCalls(enable);
    return super.keepAliveWithoutCalls(enable);
  }

  /** The most bytes of a message to the client, the headers of resumable streams not counted. */
  @Override
  public HoldfastChannelBuilder maxInboundMessageSize(int bytes) {
    inboundMessageLimit.set(bytes);
    return super.maxInboundMessageSize(bytes);
  }

  /**
   * Starts the admin service of this process with the channel, unless it runs; by default where
   * {@code HOLDFAST_ADMIN} says so. It lasts as long as the process.
   */
  public HoldfastChannelBuilder admin(AdminOptions value) {
    admin.set(value);
    return this;
  }

  /**
   * Reaches settings that only {@link NettyChannelBuilder} has. A default service config that is
   * set there replaces that of this builder, policy included, unless a later call here changes it.
   */
  public HoldfastChannelBuilder configureNetty(Consumer<NettyChannelBuilder> settings) {
    inboundMessageLimit.markUnknown();
    applyServiceConfig();
    settings.accept(netty);
    return this;
  }

  /** Sockets of another kind than the best of this platform. */
  HoldfastChannelBuilder eventLoops(EventLoops loops) {
    connections.use(netty, loops);
    return this;
  }

  /**
   * @throws IllegalArgumentException when settings contradict each other
   */
  @Override
  public ManagedChannel build() {
    if (built) {
      throw new IllegalStateException("build: called twice (expected: one builder per channel)");
    }
    built = true;
    RegistryContext context = registries.context();
    var unused = admin.start(context.environment());
    connections.calls(service);
    if (retryIdempotent) {
      // The last one added is the outermost: what others add to a call, such as tokens, is fresh in
      // every attempt.
      netty.intercept(
          new IdempotentRetry(
              retryOptions,
              context.scheduler(),
              OffloadExecutor.shared(),
              context.meters(),
              service));
    }
    aboveRetry.forEach(netty::intercept);
    withTarget.forEach(
        factory ->
            InternalManagedChannelBuilder.interceptWithTarget(netty, factory::newInterceptor));
    applyServiceConfig();
    Optional<LivenessOptions> path = Optional.ofNullable(liveness);
    if (!livenessOff) {
      path = path.or(() -> keepalive.environmentLiveness(context.environment()));
      path.ifPresent(
          options -> {
            keepalive.warn(service, options);
            connections.watch(netty, options, service, context.meters(), policy);
          });
    }
    HoldfastChannelHooks own =
        new HoldfastChannelHooks(path, inboundMessageLimit.limit(), connections.instances());
    netty.intercept(own);
    CallFailureRecorder.ofClient(service).ifPresent(netty::intercept);
    return own.host(netty.build());
  }

  @Override
  protected ManagedChannelBuilder<?> delegate() {
    return netty;
  }

  /** Streams of the environment stand below the program's interceptors, which see messages. */
  private static ClientChannelFactory begun(NettyChannelBuilder netty, Registries registries) {
    netty.intercept(ClosedChannelStatusInterceptor.INSTANCE);
    StreamsSetting.streams(registries.context().environment())
        .ifPresent(streams -> netty.intercept(streams.client()));
    return ClientChannelFactory.of(netty);
  }

  /** Sets the service config, unless it is what was set before. */
  private void applyServiceConfig() {
    Map<String, Object> complete = completeServiceConfig();
    if (!complete.equals(serviceConfigBeforeNetty)) {
      netty.defaultServiceConfig(complete);
      serviceConfigBeforeNetty = complete;
    }
  }

  private Map<String, Object> completeServiceConfig() {
    Map<String, Object> complete = new LinkedHashMap<>(serviceConfig);
    boolean named =
        complete.containsKey(LOAD_BALANCING_CONFIG) || complete.containsKey("loadBalancingPolicy");
    boolean ours = !named && policy.equals(HoldfastLoadBalancerProvider.POLICY_NAME);
    if (!ours && (zone != null || slowStart != null)) {
      throw new IllegalArgumentException(
          (zone != null ? "zone" : "slowStart")
              + ": set beside another policy (expected: policy holdfast, which alone knows it)");
    }
    if (!named) {
      Map<String, ?> config = ours ? balancing().toServiceConfig() : Map.of();
      complete.put(LOAD_BALANCING_CONFIG, List.of(Map.of(policy, config)));
    }
    return complete;
  }

  private HoldfastLoadBalancerConfig balancing() {
    String ownZone =
        Optional.ofNullable(zone)
            .orElse(registries.context().environment().getOrDefault(ZONE_VARIABLE, ""));
    return new HoldfastLoadBalancerConfig(
        ownZone, slowStart == null ? HoldfastLoadBalancerConfig.DEFAULT.slowStart() : slowStart);
  }

  private static NettyChannelBuilder nettyBuilder(
      String target, @Nullable ChannelCredentials credentials) {
    return credentials == null
        ? NettyChannelBuilder.forTarget(target)
        : NettyChannelBuilder.forTarget(target, credentials);
  }
}
