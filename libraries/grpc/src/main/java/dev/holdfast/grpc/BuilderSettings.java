package dev.holdfast.grpc;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.registration.AdvertisedAddress;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancerConfig;
import java.util.List;

/**
 * The settings of the two builders, each by the method that sets it; the tables in docs/grpc.md are
 * generated from these lists.
 */
public final class BuilderSettings {
  private BuilderSettings() {}

  /** The settings of {@link HoldfastChannelBuilder}. */
  public static List<Tunable> ofChannels() {
    return joined(
        List.of(
            ofCalls(), ofPaths("the servers", "Quiet and silent connections"), List.of(admin())));
  }

  /** The settings of {@link HoldfastServerBuilder}. */
  public static List<Tunable> ofServers() {
    return joined(
        List.of(
            ofAddresses(),
            ofRegistration(),
            ofShutdown(),
            ofPaths("the clients", "Silent clients"),
            ofClients(),
            List.of(admin())));
  }

  private static Tunable admin() {
    return new TunableText(
        "admin(o)",
        "an `AdminOptions`",
        "`" + AdminOptions.VARIABLE + "`, else off",
        "The admin service of the process: see [admin.md](admin.md).");
  }

  private static List<Tunable> joined(List<List<Tunable>> lists) {
    return lists.stream().flatMap(List::stream).toList();
  }

  private static List<Tunable> ofPaths(String others, String section) {
    return List.of(
        new TunableText(
            "path(p)",
            "a `PathProfile`",
            "`" + PathSetting.VARIABLE + "`, else a path nobody described",
            "What lies between here and " + others + ": see \"" + section + "\"."),
        new TunableText(
            "idleTimeoutOfPath(d)", "1 s or more", "", "The same, when the number is known."),
        new TunableText("liveness(o)", "a `LivenessOptions`", "", "The same, in every detail."),
        new TunableText(
            "withoutLiveness()",
            "",
            "",
            "Leaves connections to gRPC alone, as `HOLDFAST_PATH=off`."));
  }

  private static List<Tunable> ofClients() {
    return List.of(
        new TunableText(
            "onClientGone(c)",
            "a listener; several",
            "none",
            "Hears of each client connection that has ended, with the reason."),
        new TunableText(
            "permitKeepAliveTime(n, unit)",
            "as of gRPC",
            "5 min; 5 s where a path was said",
            "How often clients may ping; more is an abuse and ends their connection."),
        new TunableText(
            "permitKeepAliveWithoutCalls(b)",
            "true or false",
            "false; true where a path was said",
            "Whether they may while they have no call."),
        new TunableText(
            "maxConnectionAge(n, unit)",
            "1 s or more",
            "none",
            "The age, give or take 10 %, at which a connection gets a GOAWAY and its streams hear"
                + " of it by `HoldfastServer.DRAIN`."),
        new TunableText(
            "maxConnectionAgeGrace(n, unit)",
            "as of gRPC",
            "without end",
            "How long its streams have to end from then on before they are cut."));
  }

  private static List<Tunable> ofCalls() {
    return List.of(
        new TunableText(
            "forTarget(target[, credentials[, registries]])",
            "see [targets.md](targets.md); `host:port`; whatever stock grpc-java knows",
            "",
            "TLS unless `usePlaintext()` or insecure credentials."),
        new TunableText(
            "forAddress(host, port)",
            "a host and its port",
            "",
            "A host, resolved and refreshed by DNS."),
        new TunableText(
            "zone(z)",
            HoldfastLoadBalancerConfig.ZONE.expected(),
            "`" + HoldfastChannelBuilder.ZONE_VARIABLE + "`, else none",
            HoldfastLoadBalancerConfig.ZONE.meaning()),
        new TunableText(
            "slowStart(d)",
            HoldfastLoadBalancerConfig.SLOW_START.expected(),
            HoldfastLoadBalancerConfig.SLOW_START.defaultText(),
            HoldfastLoadBalancerConfig.SLOW_START.meaning()
                + " Those of the first list get theirs at once."),
        new TunableText(
            "loadBalancing(policy)",
            "`holdfast`, or any policy on the class path",
            "`" + HoldfastLoadBalancerProvider.POLICY_NAME + "`",
            "As in a service config, which may name one too."),
        new TunableText(
            "retryIdempotent(b)",
            "true or false",
            String.valueOf(HoldfastChannelBuilder.RETRY_IDEMPOTENT),
            "Whether calls of idempotent methods are sent again: see \"What is called again\"."),
        new TunableText(
            "retryOptions(o)",
            "a `RetryOptions`",
            "as below",
            "The bounds of the calls sent again."),
        new TunableText(
            "interceptAboveRetry(i)",
            "a `ClientInterceptor`; several",
            "none",
            "Meets a call once, where one of `intercept` meets each attempt."),
        new TunableText(
            "configureNetty(..)",
            "any",
            "",
            "Reaches settings that only `NettyChannelBuilder` has."));
  }

  private static List<Tunable> ofAddresses() {
    return List.of(
        new TunableText(
            "forPort(port[, credentials])", "a port, 0 for a free one", "", "Where it listens."),
        new TunableText(
            "forAddress(address, credentials)", "a socket address", "", "The same on one address."),
        new TunableText(
            "over(builder)",
            "a `NettyServerBuilder`",
            "",
            "A server on a builder that a framework has set up."));
  }

  private static List<Tunable> ofRegistration() {
    return List.of(
        new TunableText(
            "register(target)",
            "as a client's target; several",
            "none",
            "Kept registered there from start to shutdown."),
        new TunableText(
            "registerOnStart(b)",
            "true or false",
            "true",
            "Whether the start registers; otherwise `HoldfastServer.register()` does."),
        new TunableText(
            "advertise(address)",
            "`host` or `host:port`",
            "`"
                + AdvertisedAddress.ADVERTISE_VARIABLE
                + "`, `"
                + AdvertisedAddress.POD_IP_VARIABLE
                + "`, the route to the registry",
            "What clients are told."),
        new TunableText(
            "zone(z)",
            HoldfastLoadBalancerConfig.ZONE.expected(),
            "`" + HoldfastChannelBuilder.ZONE_VARIABLE + "`, else none",
            "The zone it stands in."),
        new TunableText(
            "weight(n)",
            Endpoint.WEIGHT.expected(),
            "`"
                + HoldfastServerBuilder.WEIGHT_VARIABLE
                + "`, else "
                + Endpoint.WEIGHT.defaultText(),
            Endpoint.WEIGHT.meaning()),
        new TunableText("metadata(k, v)", "text", "none", "A property that clients can read."));
  }

  private static List<Tunable> ofShutdown() {
    return List.of(
        new TunableText("drain(o)", "a `DrainOptions`", "as below", "The times of stopping."),
        new TunableText(
            "drainOnJvmShutdown(b)",
            "true or false",
            "false",
            "Whether the end of the JVM, as by SIGTERM, stops the server in its order."),
        new TunableText(
            "health(h)",
            "a `HealthStatusManager`",
            "one that says SERVING from start to shutdown",
            "grpc.health.v1 is always there."),
        new TunableText(
            "registries(r)", "a `Registries`", "those of the process", "What knows the targets."),
        new TunableText(
            "configureNetty(..)",
            "any",
            "",
            "Reaches settings that only `NettyServerBuilder` has."));
  }
}
