package dev.holdfast.stork;

import io.smallrye.stork.api.MetadataKey;
import java.util.Locale;

/** A property of an endpoint in the metadata of its instance. */
public enum EndpointKey implements MetadataKey {
  /** Identifies one run of the process; a String, "" when the registry does not say. */
  INSTANCE,
  /** The failure domain; a String, "" when unknown. */
  ZONE,
  /** The share of calls relative to the other instances; an Integer from 1 to 10,000. */
  WEIGHT,
  /** Whether the instance is about to leave; a Boolean. */
  DRAINING;

  @Override
  public String getName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
