package dev.holdfast.grpc;

import dev.holdfast.core.AdvertisedAddress;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Tunable;

/** Every setting of {@link HoldfastServerBuilder}; the table in docs/grpc.md is made from it. */
public enum ServerSetting implements Tunable {
  /** Where it listens. */
  FOR_PORT("forPort(port[, credentials])", "a port, 0 for a free one", "", "Where it listens."),
  /** Where it listens, when not on all addresses. */
  FOR_ADDRESS(
      "forAddress(address, credentials)", "a socket address", "", "The same on one address."),
  /** Where it is registered. */
  REGISTER(
      "register(target)",
      "as a client's target; several",
      "none",
      "Kept registered there from start to shutdown."),
  /** Its own address. */
  ADVERTISE(
      "advertise(address)",
      "`host` or `host:port`",
      "`"
          + AdvertisedAddress.ADVERTISE_VARIABLE
          + "`, `"
          + AdvertisedAddress.POD_IP_VARIABLE
          + "`, the route to the registry",
      "What clients are told."),
  /** Where it stands. */
  ZONE(
      "zone(z)",
      BalancingOptions.ZONE.expected(),
      "`" + HoldfastChannelBuilder.ZONE_VARIABLE + "`, else none",
      "The zone it stands in."),
  /** Its share. */
  WEIGHT(
      "weight(n)",
      Endpoint.WEIGHT.expected(),
      "`" + HoldfastServerBuilder.WEIGHT_VARIABLE + "`, else " + Endpoint.WEIGHT.defaultText(),
      Endpoint.WEIGHT.meaning()),
  /** What else clients may know. */
  METADATA("metadata(k, v)", "text", "none", "A property that clients can read."),
  /** The times of stopping. */
  DRAIN("drain(o)", "a `DrainOptions`", "as below", "The times of stopping."),
  /** What SIGTERM does. */
  DRAIN_ON_JVM_SHUTDOWN(
      "drainOnJvmShutdown(b)",
      "true or false",
      "false",
      "Whether the end of the JVM, as by SIGTERM, stops the server in its order."),
  /** What it says of itself. */
  HEALTH(
      "health(h)",
      "a `HealthStatusManager`",
      "one that says SERVING from start to shutdown",
      "grpc.health.v1 is always there."),
  /** Where targets are looked up. */
  REGISTRIES("registries(r)", "a `Registries`", "those of the process", "What knows the targets."),
  /** The way to everything else. */
  CONFIGURE_NETTY(
      "configureNetty(..)", "any", "", "Reaches settings that only `NettyServerBuilder` has.");

  private final String key;
  private final String expected;
  private final String defaultText;
  private final String meaning;

  ServerSetting(String key, String expected, String defaultText, String meaning) {
    this.key = key;
    this.expected = expected;
    this.defaultText = defaultText;
    this.meaning = meaning;
  }

  @Override
  public String key() {
    return key;
  }

  @Override
  public String expected() {
    return expected;
  }

  @Override
  public String defaultText() {
    return defaultText;
  }

  @Override
  public String meaning() {
    return meaning;
  }
}
