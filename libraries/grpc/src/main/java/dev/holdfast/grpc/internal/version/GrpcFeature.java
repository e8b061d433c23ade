package dev.holdfast.grpc.internal.version;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The features that need classes of grpc-java which are internal, or which not every version has.
 * Each is checked once per process, before it is used. A feature whose classes are missing is
 * replaced by its fallback, and one line of the log names the class and the version. Thread-safe.
 */
public enum GrpcFeature {
  /** The load-balancing policy {@code holdfast}. */
  LOAD_BALANCING_POLICY(
      "load-balancing policy holdfast",
      "round_robin",
      List.of(
          "io.grpc.util.MultiChildLoadBalancer#acceptResolvedAddresses",
          "io.grpc.util.MultiChildLoadBalancer#createChildAddressesMap",
          "io.grpc.util.MultiChildLoadBalancer#createChildLbState",
          "io.grpc.util.MultiChildLoadBalancer#getChildLbStates",
          "io.grpc.util.MultiChildLoadBalancer#getReadyChildren",
          "io.grpc.util.MultiChildLoadBalancer#updateOverallBalancingState",
          "io.grpc.util.MultiChildLoadBalancer#currentConnectivityState",
          "io.grpc.util.MultiChildLoadBalancer#pickFirstLbProvider",
          "io.grpc.util.MultiChildLoadBalancer#resolvingAddresses",
          "io.grpc.util.MultiChildLoadBalancer$ChildLbState#createChildHelper",
          "io.grpc.util.MultiChildLoadBalancer$ChildLbState#getCurrentPicker",
          "io.grpc.util.MultiChildLoadBalancer$ChildLbState#getCurrentState",
          "io.grpc.util.MultiChildLoadBalancer$ChildLbState#getKey",
          "io.grpc.util.MultiChildLoadBalancer$ChildLbState#getLb",
          "io.grpc.util.MultiChildLoadBalancer$ChildLbState$ChildLbStateHelper"
              + "#updateBalancingState")),
  /** A second connection beside one that is silent, and the check of stale ones before a call. */
  CONNECTION_PAIRS(
      "second connections beside silent ones",
      "silent connections are closed by their monitor",
      List.of(
          "io.grpc.NameResolver$Args$Key#create",
          "io.grpc.netty.GrpcHttp2ConnectionHandler#getEagAttributes"));

  private static final Logger log = LoggerFactory.getLogger(GrpcFeature.class);

  private final String feature;
  private final String fallback;
  private final List<String> members;
  private @Nullable Boolean available;

  GrpcFeature(String feature, String fallback, List<String> members) {
    this.feature = feature;
    this.fallback = fallback;
    this.members = members;
  }

  /** Whether the classes are there; logs once if they are not. */
  public synchronized boolean isAvailable() {
    if (available == null) {
      Optional<String> missing = members.stream().filter(member -> !isPresent(member)).findFirst();
      missing.ifPresent(
          member ->
              log.warn(
                  "event=grpc_feature_unavailable feature=\"{}\" missing={} grpc={}"
                      + " fallback=\"{}\"",
                  feature,
                  member,
                  version(),
                  fallback));
      available = missing.isEmpty();
    }
    return available;
  }

  /**
   * Whether a channel can hand arguments to its resolver; silent, as nothing depends on it alone.
   */
  static boolean hasResolverArguments() {
    return isPresent("io.grpc.NameResolver$Args$Key#create");
  }

  /** The version of grpc-java that its jar states. */
  private static String version() {
    Package api = io.grpc.Grpc.class.getPackage();
    return Objects.requireNonNullElse(api.getImplementationVersion(), "unknown");
  }

  /** Whether a class has a member of this name, as {@code class#member}. */
  static boolean isPresent(String member) {
    String type = member.substring(0, member.indexOf('#'));
    String name = member.substring(member.indexOf('#') + 1);
    try {
      Class<?> found = Class.forName(type, false, GrpcFeature.class.getClassLoader());
      return Stream.concat(
              Arrays.stream(found.getDeclaredMethods()).map(Method::getName),
              Arrays.stream(found.getDeclaredFields()).map(Field::getName))
          .anyMatch(name::equals);
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }
}
