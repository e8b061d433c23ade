package dev.holdfast.gateway.config;

import dev.holdfast.core.Registries;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.Subscription;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services of one registry that are served: those that it named last, and of those that it
 * named before the ones that last. A store that was wiped names nothing, while the endpoints of its
 * services are still there.
 *
 * <p>What is served is asked for under the lock of the owner; the rest is thread-safe.
 */
final class RegistryNames implements Registry.NamesListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryNames.class);

  private final Registries.Handle handle;
  private final Consumer<RegistryNames> heard;
  private Subscription subscription = () -> {};
  private volatile @Nullable Set<String> said;
  private volatile boolean troubled;
  private Set<String> served = Set.of();

  private RegistryNames(Registries.Handle handle, Consumer<RegistryNames> heard) {
    this.handle = handle;
    this.heard = heard;
  }

  /**
   * Begins to follow.
   *
   * @param services the only ones that are served, for which nobody is asked; empty for all
   * @param heard runs after each word of the registry
   * @throws IllegalArgumentException when the registry refuses its URI
   * @throws RegistryException of kind UNSUPPORTED when the registry can't say which there are
   */
  static RegistryNames open(
      Registries registries, RegistryUri uri, Set<String> services, Consumer<RegistryNames> heard) {
    RegistryNames names = new RegistryNames(registries.open(uri), heard);
    if (!services.isEmpty()) {
      names.said = services;
      return names;
    }
    try {
      names.subscription = names.handle.directory().subscribeNames(uri.namespace(), names);
    } catch (RegistryException e) {
      names.close();
      throw e;
    }
    return names;
  }

  /** Which registry. */
  RegistryUri uri() {
    return handle.uri();
  }

  /** What a name means here. */
  ServiceTarget target(String name) {
    return ServiceTarget.in(uri(), ServiceName.parse(name));
  }

  /** Whether it is known which services there are. */
  boolean isKnown() {
    return said != null;
  }

  /** Those that are served, as of the last {@link #settle}. */
  Set<String> served() {
    return served;
  }

  /** Whether one is served though the registry does not name it any more. */
  boolean isLasting(String name) {
    Set<String> named = said;
    return named != null && served.contains(name) && !named.contains(name);
  }

  /**
   * Decides who is served from now on.
   *
   * @param lasts whether one that is not named any more stays
   */
  Set<String> settle(Predicate<String> lasts) {
    Set<String> named = said;
    if (named != null) {
      Set<String> next = new TreeSet<>(named);
      served.stream()
          .filter(name -> !named.contains(name) && lasts.test(name))
          .limit(Math.max(0, LiveConfig.MAX_SERVICES - named.size()))
          .forEach(next::add);
      served = next;
    }
    return served;
  }

  @Override
  public void onNames(Set<String> found) {
    troubled = false;
    List<String> kept = found.stream().sorted().limit(LiveConfig.MAX_SERVICES).toList();
    if (kept.size() < found.size()) {
      log.warn(
          "event=services_skipped skipped={} served={}", found.size() - kept.size(), kept.size());
    }
    said = new TreeSet<>(kept);
    heard.accept(this);
  }

  @Override
  public void onFailure(RegistryException cause) {
    if (!troubled) {
      troubled = true;
      log.warn(
          "event=names_failed registry={} kept=last_good cause=\"{}\"",
          handle.registry().describe(),
          cause.getMessage());
    }
  }

  @Override
  public void close() {
    subscription.close();
    handle.close();
  }
}
