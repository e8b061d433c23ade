package dev.holdfast.gateway.config;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.Registries;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services of one registry that are served: those that the registry lists, and earlier ones
 * that it no longer lists but that still have endpoints. A store that was wiped lists nothing,
 * while the endpoints of its services still run.
 *
 * <p>The set of served services is read and settled under the owner's lock. The rest is
 * thread-safe.
 */
final class RegistryServices implements Registry.ServiceNamesListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryServices.class);

  private final Registries.Handle handle;
  private final Consumer<RegistryServices> heard;
  private Subscription subscription = () -> {};
  private volatile @Nullable Set<String> said;
  private volatile boolean troubled;
  private Set<String> served = Set.of();

  private RegistryServices(Registries.Handle handle, Consumer<RegistryServices> heard) {
    this.handle = handle;
    this.heard = heard;
  }

  /**
   * Subscribes to the registry's list of services.
   *
   * @param services the only services to serve, in which case the registry is not asked; empty for
   *     all
   * @param heard runs after each list from the registry
   * @throws IllegalArgumentException when the registry rejects its URI
   * @throws RegistryException of kind UNSUPPORTED when the registry can't list services
   */
  static RegistryServices open(
      Registries registries,
      RegistryUri uri,
      Set<String> services,
      Consumer<RegistryServices> heard) {
    RegistryServices names = new RegistryServices(registries.open(uri), heard);
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

  /** The URI of the registry. */
  RegistryUri uri() {
    return handle.uri();
  }

  /** The target of a service in this registry. */
  ServiceTarget target(String name) {
    return ServiceTarget.in(uri(), ServiceName.parse(name));
  }

  /** Whether the registry has listed its services at least once. */
  boolean isKnown() {
    return said != null;
  }

  /** The names of the served services, as of the last {@link #settle}. */
  Set<String> served() {
    return served;
  }

  /** Whether a service is served although the registry no longer lists it. */
  boolean isLasting(String name) {
    Set<String> named = said;
    return named != null && served.contains(name) && !named.contains(name);
  }

  /**
   * Recomputes which services are served.
   *
   * @param lasts whether a service that is no longer listed stays
   * @return the names of the served services
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
