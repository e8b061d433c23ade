package dev.holdfast.spring.boot.starter.discovery;

import dev.holdfast.core.RegistryProvider.UriParameter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The parameters of a target {@code discovery:///service}.
 *
 * @param poll how often the client is asked beside its heartbeat events
 * @param timeout after what time a request is given up
 * @param ttl how long a record is taken to outlive its process; an empty list is believed after
 *     three of them
 * @param portKey the metadata key of the port; empty for those in common use
 */
record DiscoveryOptions(Duration poll, Duration timeout, Duration ttl, Optional<String> portKey) {
  private static final TunableDuration POLL =
      new TunableDuration(
          "poll",
          Duration.ofMillis(100),
          Duration.ofHours(1),
          Duration.ofSeconds(5),
          "How often the DiscoveryClient is asked, beside its heartbeat events.");
  private static final TunableDuration TIMEOUT =
      new TunableDuration(
          "timeout",
          Duration.ofMillis(100),
          Duration.ofMinutes(1),
          Duration.ofSeconds(5),
          "After what time a request is given up.");
  private static final TunableDuration TTL =
      new TunableDuration(
          "ttl",
          Duration.ofSeconds(1),
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "How long a record is taken to outlive its process: an empty list is believed after three"
              + " of them.");
  private static final Tunable PORT =
      new TunableText(
          "port",
          "a metadata key",
          String.join(", ", InstanceMapper.PORT_KEYS) + ", else the instance's port",
          "The key under which the port of gRPC stands in an instance's metadata.");

  /** Every parameter, for the documents. */
  static List<Tunable> tunables() {
    return List.of(POLL, TIMEOUT, TTL, PORT);
  }

  static List<UriParameter> uriParameters() {
    return tunables().stream().map(Tunable::uriParameter).toList();
  }

  /**
   * The options of a target.
   *
   * @throws IllegalArgumentException naming the parameter and what was expected
   */
  static DiscoveryOptions of(RegistryUri uri) {
    if (!uri.authority().isEmpty()) {
      throw new IllegalArgumentException(
          "target: \"" + uri + "\" (expected: discovery:///service, without a host)");
    }
    return new DiscoveryOptions(
        POLL.parse(uri.parameter(POLL.key())),
        TIMEOUT.parse(uri.parameter(TIMEOUT.key())),
        TTL.parse(uri.parameter(TTL.key())),
        uri.parameter(PORT.key()));
  }
}
