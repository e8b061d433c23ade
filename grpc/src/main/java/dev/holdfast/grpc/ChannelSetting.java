package dev.holdfast.grpc;

import dev.holdfast.core.Tunable;

/** Every setting of {@link HoldfastChannelBuilder}; the table in docs/grpc.md is made from it. */
public enum ChannelSetting implements Tunable {
  /** What the channel leads to. */
  FOR_TARGET(
      "forTarget(target[, credentials[, registries]])",
      "see [targets.md](targets.md); `host:port`; whatever stock grpc-java knows",
      "",
      "TLS unless `usePlaintext()` or insecure credentials."),
  /** The same for a host. */
  FOR_ADDRESS(
      "forAddress(host, port)",
      "a host and its port",
      "",
      "A host, resolved and refreshed by DNS."),
  /** Zone preference. */
  ZONE(
      "zone(z)",
      BalancingOptions.ZONE.expected(),
      "`" + HoldfastChannelBuilder.ZONE_VARIABLE + "`, else none",
      BalancingOptions.ZONE.meaning()),
  /** Warm-up of new endpoints. */
  SLOW_START(
      "slowStart(d)",
      BalancingOptions.SLOW_START.expected(),
      BalancingOptions.SLOW_START.defaultText(),
      BalancingOptions.SLOW_START.meaning() + " Those of the first list get theirs at once."),
  /** The choice between endpoints. */
  LOAD_BALANCING(
      "loadBalancing(policy)",
      "`holdfast`, or any policy on the class path",
      "`" + HoldfastLoadBalancerProvider.POLICY_NAME + "`",
      "As in a service config, which may name one too."),
  /** Whether calls are repeated. */
  RETRY_IDEMPOTENT(
      "retryIdempotent(b)",
      "true or false",
      String.valueOf(HoldfastChannelBuilder.RETRY_IDEMPOTENT),
      "Whether calls of idempotent methods are sent again: see \"What is called again\"."),
  /** The bounds of that. */
  RETRY_OPTIONS(
      "retryOptions(o)", "a `RetryOptions`", "as below", "The bounds of the calls sent again."),
  /** What the network in between does. */
  PATH(
      "path(p)",
      "a `PathProfile`",
      "`" + PathSetting.VARIABLE + "`, else a path nobody described",
      "What lies between here and the servers: see \"Quiet and silent connections\"."),
  /** The same as a number. */
  IDLE_TIMEOUT_OF_PATH(
      "idleTimeoutOfPath(d)", "1 s or more", "", "The same, when the number is known."),
  /** The same in every detail. */
  LIVENESS("liveness(o)", "a `LivenessOptions`", "", "The same, in every detail."),
  /** The way back to stock. */
  WITHOUT_LIVENESS(
      "withoutLiveness()", "", "", "Leaves connections to gRPC alone, as `HOLDFAST_PATH=off`."),
  /** The way to everything else. */
  CONFIGURE_NETTY(
      "configureNetty(..)", "any", "", "Reaches settings that only `NettyChannelBuilder` has.");

  private final String key;
  private final String expected;
  private final String defaultText;
  private final String meaning;

  ChannelSetting(String key, String expected, String defaultText, String meaning) {
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
