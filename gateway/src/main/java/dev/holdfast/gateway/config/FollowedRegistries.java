package dev.holdfast.gateway.config;

import dev.holdfast.core.RegistryUri;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whose services are served. Another registry takes the place of one that has spoken only when it
 * has spoken too: until then nobody knows what there would be to serve.
 *
 * @param served the one whose services are served; null where no registry is followed
 * @param awaited the one that takes its place with its first word; null for none
 */
record FollowedRegistries(@Nullable RegistryNames served, @Nullable RegistryNames awaited) {
  static final FollowedRegistries NONE = new FollowedRegistries(null, null);

  /** With the registry of another configuration, which is opened unless it is followed already. */
  FollowedRegistries turnedTo(
      Optional<RegistryUri> registry, Function<RegistryUri, RegistryNames> opening) {
    if (registry.isEmpty()) {
      return NONE;
    }
    RegistryUri uri = registry.get();
    RegistryNames present = served;
    if (present != null && present.uri().equals(uri)) {
      return new FollowedRegistries(present, null);
    }
    if (awaited != null && awaited.uri().equals(uri)) {
      return this;
    }
    RegistryNames next = opening.apply(uri);
    boolean atOnce = present == null || !present.isKnown() || next.isKnown();
    return atOnce ? new FollowedRegistries(next, null) : new FollowedRegistries(present, next);
  }

  /** After a word of one of them. */
  FollowedRegistries settled() {
    return awaited != null && awaited.isKnown() ? new FollowedRegistries(awaited, null) : this;
  }

  /** Whether there is nothing to wait for before it is known what is served. */
  boolean isKnown() {
    return served == null || served.isKnown();
  }

  /** Ends to follow those that are not among others. */
  void closeAllBut(FollowedRegistries kept) {
    Stream.of(Optional.ofNullable(served), Optional.ofNullable(awaited))
        .flatMap(Optional::stream)
        .filter(each -> each != kept.served && each != kept.awaited)
        .forEach(RegistryNames::close);
  }
}
