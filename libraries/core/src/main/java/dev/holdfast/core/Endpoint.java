package dev.holdfast.core;

import dev.holdfast.core.annotation.Limit;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * An instance of a service, with the properties by which a client chooses it.
 *
 * <p>Every writable registry stores all of these properties. Two endpoints are equal when all
 * properties are equal.
 *
 * @param address where the instance listens
 * @param instance identifies one run of the process, so that a restart on the same address is a new
 *     instance; "" when the registry does not say
 * @param zone the failure domain of the instance; "" when unknown
 * @param weight its share of calls relative to the others; 1 to 10,000, 1 by default
 * @param ready whether the instance accepts calls now; true by default
 * @param draining whether the instance is about to leave; clients stop sending new calls at once
 * @param metadata further properties, sorted by key
 */
public record Endpoint(
    HostPort address,
    String instance,
    String zone,
    int weight,
    boolean ready,
    boolean draining,
    Map<String, String> metadata) {
  /** The largest weight of an endpoint. */
  @Limit(
      of = "weight of an endpoint",
      then = "a larger one is refused; in a record it makes the record malformed")
  public static final int MAX_WEIGHT = 10_000;

  /** The bounds and the default of {@code weight}. */
  public static final TunableNumber WEIGHT =
      new TunableNumber(
          "weight", 1, MAX_WEIGHT, 1, "The share of calls, relative to other instances.");

  public Endpoint {
    WEIGHT.require(weight);
    metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
  }

  /** A ready endpoint of weight 1 that is known by its address alone. */
  public static Endpoint of(HostPort address) {
    return new Endpoint(address, "", "", WEIGHT.wholeDefault(), true, false, Map.of());
  }

  /** As {@link #of(HostPort)}, from {@code host:port}. */
  public static Endpoint of(String address) {
    return of(HostPort.parse(address));
  }

  public Endpoint withInstance(String value) {
    return new Endpoint(address, value, zone, weight, ready, draining, metadata);
  }

  public Endpoint withZone(String value) {
    return new Endpoint(address, instance, value, weight, ready, draining, metadata);
  }

  public Endpoint withWeight(int value) {
    return new Endpoint(address, instance, zone, value, ready, draining, metadata);
  }

  public Endpoint withReady(boolean value) {
    return new Endpoint(address, instance, zone, weight, value, draining, metadata);
  }

  public Endpoint withDraining(boolean value) {
    return new Endpoint(address, instance, zone, weight, ready, value, metadata);
  }

  public Endpoint withMetadata(Map<String, String> value) {
    return new Endpoint(address, instance, zone, weight, ready, draining, value);
  }

  /** Whether new calls may go there: ready, and not about to leave. */
  public boolean isEligible() {
    return ready && !draining;
  }
}
