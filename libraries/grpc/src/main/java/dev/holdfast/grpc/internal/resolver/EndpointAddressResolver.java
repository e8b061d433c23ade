package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The resolver of endpoints into addresses that a channel can connect to.
 *
 * <p>Most records carry IP literals, which need no lookup. {@link HostLookups} resolves host names
 * (of containers that announce their name). A name whose lookup fails keeps its last addresses. Not
 * thread-safe.
 */
final class EndpointAddressResolver {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  private final Map<String, List<InetAddress>> known = new HashMap<>();
  private Map<Endpoint, EquivalentAddressGroup> groups = new HashMap<>();

  /** Asks the machine's resolver; blocks as long as that does. */
  @FunctionalInterface
  interface HostResolver {
    InetAddress[] byName(String name) throws UnknownHostException;
  }

  /** The host names among the endpoints. */
  static Set<String> namesIn(EndpointSet endpoints) {
    Set<String> names = new TreeSet<>();
    for (Endpoint endpoint : endpoints.endpoints()) {
      if (!isLiteral(endpoint.address())) {
        names.add(endpoint.address().host());
      }
    }
    return names;
  }

  /** Names among these for which nothing has been found so far. */
  Set<String> unknown(Collection<String> names) {
    Set<String> unknown = new TreeSet<>(names);
    unknown.removeAll(known.keySet());
    return unknown;
  }

  /** Takes over what was found. */
  void learn(String name, List<InetAddress> addresses) {
    if (!addresses.equals(known.put(name, addresses))) {
      groups = new HashMap<>();
    }
  }

  /**
   * Returns an address group for each endpoint whose address is known. An endpoint that did not
   * change keeps its group object, so that a policy can compare by identity.
   */
  List<EquivalentAddressGroup> groupsOf(Collection<Endpoint> endpoints) {
    List<EquivalentAddressGroup> result = new ArrayList<>(endpoints.size());
    for (Endpoint endpoint : endpoints) {
      EquivalentAddressGroup group = groups.computeIfAbsent(endpoint, this::group);
      if (group != null) {
        result.add(group);
      }
    }
    return result;
  }

  /** Forgets the groups and names of endpoints that are gone. */
  void retain(EndpointSet endpoints) {
    groups.keySet().retainAll(Set.copyOf(endpoints.endpoints()));
    known.keySet().retainAll(namesIn(endpoints));
  }

  private @Nullable EquivalentAddressGroup group(Endpoint endpoint) {
    HostPort address = endpoint.address();
    List<InetAddress> hosts =
        isLiteral(address)
            ? List.of(literal(address.host()))
            : known.getOrDefault(address.host(), List.of());
    if (hosts.isEmpty()) {
      return null;
    }
    List<SocketAddress> addresses = new ArrayList<>();
    hosts.forEach(host -> addresses.add(new InetSocketAddress(host, address.port())));
    return new EquivalentAddressGroup(
        addresses, Attributes.newBuilder().set(ResolverAttributes.ENDPOINT, endpoint).build());
  }

  private static boolean isLiteral(HostPort address) {
    return address.isIpv6() || IPV4.matcher(address.host()).matches();
  }

  private static InetAddress literal(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("host: \"" + host + "\" (expected: an IP address)", e);
    }
  }
}
