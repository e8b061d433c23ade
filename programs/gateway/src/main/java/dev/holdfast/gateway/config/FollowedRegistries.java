package dev.holdfast.gateway.config;

import dev.holdfast.core.RegistryUri;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The registry whose services are served, and its successor after a reload. A new registry replaces
 * one that has listed its services only when the new one has listed its own. Until then the new set
 * of services is unknown.
 *
 * @param served the registry whose services are served; null for none
 * @param awaited the registry that replaces it with its first list; null for none
 */
record FollowedRegistries(@Nullable RegistryServices served, @Nullable RegistryServices awaited) {
  static final FollowedRegistries NONE = new FollowedRegistries(null, null);

  /**
   * The registries after a reload. The registry of the new configuration is opened unless it is
   * followed already.
   */
  FollowedRegistries turnedTo(
      Optional<RegistryUri> registry, Function<RegistryUri, RegistryServices> opening) {
    if (registry.isEmpty()) {
      return NONE;
    }
    RegistryUri uri = registry.get();
    RegistryServices present = served;
    if (present != null && present.uri().equals(uri)) {
      return new FollowedRegistries(present, null);
    }
    if (awaited != null && awaited.uri().equals(uri)) {
      return this;
    }
    RegistryServices next = opening.apply(uri);
    boolean atOnce = present == null || !present.isKnown() || next.isKnown();
    return atOnce ? new FollowedRegistries(next, null) : new FollowedRegistries(present, next);
  }

  /**
   * The registries after one of them has listed its services: the successor takes over if it has.
   */
  FollowedRegistries settled() {
    return awaited != null && awaited.isKnown() ? new FollowedRegistries(awaited, null) : this;
  }

  /** Whether the set of served services is known. */
  boolean isKnown() {
    return served == null || served.isKnown();
  }

  /** Ends to follow those that are not among others. */
  void closeAllBut(FollowedRegistries kept) {
    Stream.of(Optional.ofNullable(served), Optional.ofNullable(awaited))
        .flatMap(Optional::stream)
        .filter(each -> each != kept.served && each != kept.awaited)
        .forEach(RegistryServices::close);
  }
}
