package dev.holdfast.control;

import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The set of known services, and the state of knowledge of each.
 *
 * <p>The names that a registry lists are not verified, so they only ever add services. A service is
 * removed when its name is gone and its list, which is verified, has been empty for {@link
 * #FORGET_AFTER}. A registry that was wiped, or that returns no names, removes nothing.
 *
 * <p>A service whose list is unknown when the first names are known, from the registry or from the
 * disk, is pending: it exists, and nothing else is known about it. A service that appears later
 * does not exist for clients until its list is known.
 *
 * <p>A pending service is refused when the registry has reported its records as malformed for
 * {@link #REFUSED_AFTER}. Clients that ask for all services do not wait for a refused one;
 * otherwise one mistake would block every client. Three cases are never refused: an unreachable
 * registry, a registry in which every service is malformed, and a service that was served before,
 * which clients would lose. Not thread-safe.
 */
@PureCore
class KnownServices {
  /** For how long a service without a name and without endpoints is still served, as empty. */
  @Limit(
      of = "time that a service stays after its last record is gone",
      then = "its listener and clusters are deleted at the clients")
  static final Duration FORGET_AFTER = Duration.ofMinutes(10);

  @Limit(
      of = "services that a control plane serves",
      then = "further ones are counted, logged and not served")
  static final int MAX_SERVICES = 10_000;

  /** For how long a registry must have found no sense in a service. */
  @Limit(
      of = "time that everybody waits for a service whose records make no sense",
      then = "those who ask for all services are answered without it")
  static final Duration REFUSED_AFTER = Duration.ofSeconds(10);

  private @Nullable Set<String> names;
  private boolean remembered;
  private final Map<String, EndpointSet> lists = new TreeMap<>();
  private final Set<String> pending = new TreeSet<>();
  private final Set<String> formerlyServed = new HashSet<>();
  private final Map<String, Long> malformedSinceNanos = new HashMap<>();
  private final Set<String> refused = new TreeSet<>();
  private final Set<String> followed = new TreeSet<>();
  private final Map<String, Long> emptySinceNanos = new HashMap<>();
  private final Set<String> changed = new HashSet<>();
  private int skipped;

  /**
   * Takes over the services that the control plane knew at its last shutdown, read from disk.
   *
   * @param endpoints how many endpoints each service had
   */
  void onRemembered(long nowNanos, Map<String, Integer> endpoints) {
    remembered = true;
    endpoints.forEach(
        (name, count) -> {
          if (follow(name)) {
            if (count > 0) {
              pending.add(name);
              formerlyServed.add(name);
            } else {
              onEndpoints(nowNanos, name, EndpointSet.EMPTY);
            }
          }
        });
  }

  /** Takes over the current names of the registry. */
  void onNames(long nowNanos, Collection<String> present) {
    boolean first = names == null && !remembered;
    names = Set.copyOf(present);
    skipped = 0;
    for (String name : new TreeSet<>(present)) {
      if (!follow(name)) {
        skipped++;
      } else if (first && !lists.containsKey(name)) {
        pending.add(name);
      }
    }
    followed.forEach(name -> reconsider(nowNanos, name));
  }

  /** Takes over a service's current list of endpoints. */
  void onEndpoints(long nowNanos, String name, EndpointSet list) {
    if (!followed.contains(name)) {
      return;
    }
    pending.remove(name);
    refused.remove(name);
    malformedSinceNanos.remove(name);
    if (!list.equals(lists.put(name, list))) {
      changed.add(name);
    }
    reconsider(nowNanos, name);
  }

  /**
   * A service can't be followed.
   *
   * @param senseless whether the registry was reached and found no sense in what it holds of it
   * @return whether {@link #nextDeadlineNanos} may be another one
   */
  boolean onWatchFailed(long nowNanos, String name, boolean senseless) {
    if (!pending.contains(name) || formerlyServed.contains(name) || refused.contains(name)) {
      return false;
    }
    return senseless
        ? malformedSinceNanos.putIfAbsent(name, nowNanos) == null
        : malformedSinceNanos.remove(name) != null;
  }

  /** Forgets services whose time has come, and refuses others. */
  void onTimeout(long nowNanos) {
    for (String name : Set.copyOf(malformedSinceNanos.keySet())) {
      Long since = malformedSinceNanos.get(name);
      if (since != null && nowNanos - since - REFUSED_AFTER.toNanos() >= 0) {
        malformedSinceNanos.remove(name);
        refused.add(name);
      }
    }
    for (String name : Set.copyOf(followed)) {
      Long since = emptySinceNanos.get(name);
      if (since != null && nowNanos - since - FORGET_AFTER.toNanos() >= 0) {
        emptySinceNanos.remove(name);
        followed.remove(name);
        lists.remove(name);
        changed.add(name);
      }
    }
  }

  /** When {@link #onTimeout} has something to do. */
  OptionalLong nextDeadlineNanos() {
    return LongStream.concat(
            emptySinceNanos.values().stream().mapToLong(since -> since + FORGET_AFTER.toNanos()),
            malformedSinceNanos.values().stream()
                .mapToLong(since -> since + REFUSED_AFTER.toNanos()))
        // By difference: nanoTime may wrap around.
        .reduce((a, b) -> a - b <= 0 ? a : b);
  }

  /** Whether it is known which services there are, so that anything may be said at all. */
  boolean isKnown() {
    return names != null || remembered;
  }

  /** The services whose endpoints should be followed. */
  Set<String> followed() {
    return Set.copyOf(followed);
  }

  /** Services that exist and of which nothing else is known, the refused ones among them. */
  Set<String> pending() {
    return Set.copyOf(pending);
  }

  /** The same, as clients are answered by it. */
  XdsSnapshot.UnknownServices unknownServices() {
    if (lists.isEmpty() || refused.isEmpty()) {
      return new XdsSnapshot.UnknownServices(pending, Set.of());
    }
    Set<String> awaited = new HashSet<>(pending);
    awaited.removeAll(refused);
    return new XdsSnapshot.UnknownServices(awaited, refused);
  }

  /** Whether all is known that may be waited for, so that it may be remembered. */
  boolean isComplete() {
    return unknownServices().pending().isEmpty();
  }

  /** Names that are beyond {@link #MAX_SERVICES}. */
  int skipped() {
    return skipped;
  }

  /** The list of a service; empty when it is not known, or no longer served. */
  Optional<EndpointSet> list(String name) {
    return Optional.ofNullable(lists.get(name));
  }

  /** How many services have a list that is known. */
  int served() {
    return lists.size();
  }

  /** How many endpoints each service has whose list is known. */
  Map<String, Integer> sizes() {
    Map<String, Integer> sizes = new TreeMap<>();
    lists.forEach((name, list) -> sizes.put(name, list.size()));
    return sizes;
  }

  /** The services whose list has changed, appeared or gone since this was asked last. */
  Set<String> takeChanged() {
    Set<String> taken = Set.copyOf(changed);
    changed.clear();
    return taken;
  }

  private boolean follow(String name) {
    if (followed.size() >= MAX_SERVICES && !followed.contains(name)) {
      return false;
    }
    followed.add(name);
    return true;
  }

  /** A service may go only while the registry can say that it has no name. */
  private void reconsider(long nowNanos, String name) {
    boolean nameless = names != null && !names.contains(name);
    EndpointSet list = lists.get(name);
    if (nameless && list != null && list.isEmpty()) {
      emptySinceNanos.putIfAbsent(name, nowNanos);
    } else {
      emptySinceNanos.remove(name);
    }
  }
}
