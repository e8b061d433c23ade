package dev.holdfast.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of the endpoints of a service, sorted by address, each address once.
 *
 * <p>Equality does not depend on the order of construction. An empty set means that the registry
 * has no endpoint. "Not known yet" and "could not be read" are other values (STYLE rule 14).
 */
public final class EndpointSet {
  /** The set without an endpoint. */
  public static final EndpointSet EMPTY = new EndpointSet(List.of());

  private static final int PRINTED_ENDPOINTS = 10;
  private static final Comparator<HostPort> BY_ADDRESS =
      Comparator.comparing(HostPort::host).thenComparingInt(HostPort::port);
  // When one address is announced twice the better announcement counts: a record that an earlier
  // process left behind must not hide the process that listens there now.
  private static final Comparator<Endpoint> BETTER =
      Comparator.comparing(Endpoint::draining)
          .thenComparing(Predicate.<Endpoint>not(Endpoint::ready)::test)
          .thenComparing(Endpoint::instance, Comparator.reverseOrder())
          .thenComparing(Endpoint::zone)
          .thenComparing(Endpoint::weight)
          .thenComparing(e -> e.metadata().toString());

  private final List<Endpoint> endpoints;

  private EndpointSet(List<Endpoint> endpoints) {
    this.endpoints = endpoints;
  }

  /** Sorts and dedupes; of two records with one address, the ready and not draining one stays. */
  public static EndpointSet of(Collection<Endpoint> endpoints) {
    TreeMap<HostPort, Endpoint> byAddress = new TreeMap<>(BY_ADDRESS);
    for (Endpoint endpoint : endpoints) {
      byAddress.merge(endpoint.address(), endpoint, (a, b) -> BETTER.compare(a, b) <= 0 ? a : b);
    }
    return byAddress.isEmpty() ? EMPTY : new EndpointSet(List.copyOf(byAddress.values()));
  }

  /** Returns the set of these endpoints; see {@link #of(Collection)}. */
  public static EndpointSet of(Endpoint... endpoints) {
    return of(List.of(endpoints));
  }

  /** All endpoints, sorted by address. */
  public List<Endpoint> endpoints() {
    return endpoints;
  }

  /** The endpoints that may get new calls: ready and not draining. */
  public List<Endpoint> eligible() {
    return endpoints.stream().filter(Endpoint::isEligible).toList();
  }

  public int size() {
    return endpoints.size();
  }

  public boolean isEmpty() {
    return endpoints.isEmpty();
  }

  /** The endpoint at an address. */
  public Optional<Endpoint> at(HostPort address) {
    int index = indexOf(address);
    return index < 0 ? Optional.empty() : Optional.of(endpoints.get(index));
  }

  /** Whether there is an endpoint at an address. */
  public boolean contains(HostPort address) {
    return indexOf(address) >= 0;
  }

  /**
   * Returns the union with another set; for an address in both sets, the other set's endpoint wins.
   */
  public EndpointSet overlaidWith(EndpointSet other) {
    if (isEmpty()) {
      return other;
    }
    TreeMap<HostPort, Endpoint> byAddress = new TreeMap<>(BY_ADDRESS);
    endpoints.forEach(e -> byAddress.put(e.address(), e));
    other.endpoints.forEach(e -> byAddress.put(e.address(), e));
    return of(new ArrayList<>(byAddress.values()));
  }

  private int indexOf(HostPort address) {
    int low = 0;
    int high = endpoints.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = BY_ADDRESS.compare(endpoints.get(middle).address(), address);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  @Override
  public boolean equals(@Nullable Object o) {
    return o instanceof EndpointSet other && endpoints.equals(other.endpoints);
  }

  @Override
  public int hashCode() {
    return endpoints.hashCode();
  }

  /** The first ten addresses, and the number of the others. */
  @Override
  public String toString() {
    String shown =
        endpoints.stream()
            .limit(PRINTED_ENDPOINTS)
            .map(
                e ->
                    e.address() + (e.isEligible() ? "" : e.draining() ? "(draining)" : "(unready)"))
            .collect(Collectors.joining(", ", "[", ""));
    int more = endpoints.size() - PRINTED_ENDPOINTS;
    return more > 0 ? shown + ", +" + more + " more]" : shown + "]";
  }
}
