package dev.holdfast.cli.demo.registry;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.lab.TcpRelay;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The registry stage on an etcd that already runs and must not be stopped. Everyone reaches that
 * etcd through relays of the demo, and the outage cuts the relays.
 *
 * <p>There is one relay per member. With TLS, the members' certificates must also be valid for
 * 127.0.0.1.
 */
final class DemoExternalEtcd implements DemoRegistry {
  private static final int DEFAULT_PORT = 2379;
  private static final String MEMBERS = "endpoints";

  private final RegistryUri uri;
  private final List<TcpRelay> relays;

  private DemoExternalEtcd(RegistryUri uri, List<TcpRelay> relays) {
    this.uri = uri;
    this.relays = relays;
  }

  /** Opens the relays; whether etcd answers shows when the first instance registers. */
  static DemoExternalEtcd open(RegistryUri uri) {
    List<TcpRelay> relays = new ArrayList<>();
    for (HostPort member : members(uri)) {
      // Looked up when somebody connects, as a client would.
      relays.add(TcpRelay.to(InetSocketAddress.createUnresolved(member.host(), member.port())));
    }
    Map<String, String> parameters = new TreeMap<>(uri.parameters());
    parameters.remove(MEMBERS);
    // Short, so that the record of a killed instance does not outlast the story.
    parameters.putIfAbsent("ttl", DemoManagedEtcd.TTL);
    if (relays.size() > 1) {
      parameters.put(
          MEMBERS,
          relays.stream()
              .skip(1)
              .map(relay -> address(relay).toString())
              .collect(Collectors.joining(",")));
    }
    String first = address(relays.get(0)).toString();
    return new DemoExternalEtcd(
        new RegistryUri(uri.scheme(), uri.userInfo(), first, uri.namespace(), parameters), relays);
  }

  /** The members as the etcd registry reads them: the last port of the authority is for all. */
  static List<HostPort> members(RegistryUri uri) {
    List<HostPort> members = new ArrayList<>();
    List<String> hosts =
        uri.authority().isEmpty() ? List.of() : Arrays.asList(uri.authority().split(",", -1));
    int port =
        hosts.isEmpty() ? DEFAULT_PORT : member(hosts.get(hosts.size() - 1), DEFAULT_PORT).port();
    hosts.forEach(host -> members.add(member(host, port)));
    uri.parameter(MEMBERS)
        .ifPresent(
            list -> {
              for (String host : list.split(",", -1)) {
                members.add(member(host, DEFAULT_PORT));
              }
            });
    if (members.isEmpty()) {
      throw new IllegalArgumentException(
          "registry: \"" + uri + "\" (expected: a host, as in etcd://127.0.0.1:2379/demo)");
    }
    return members;
  }

  private static HostPort address(TcpRelay relay) {
    return new HostPort(relay.address().getAddress().getHostAddress(), relay.port());
  }

  private static HostPort member(String text, int defaultPort) {
    boolean hasPort = text.indexOf(':', text.lastIndexOf(']') + 1) >= 0;
    return HostPort.parse(hasPort ? text : text + ":" + defaultPort);
  }

  @Override
  public String kind() {
    return "etcd";
  }

  @Override
  public RegistryUri uri() {
    return uri;
  }

  @Override
  public String outageDescription() {
    return "our way to it is cut";
  }

  @Override
  public void makeUnavailable() {
    for (TcpRelay relay : relays) {
      // Before the cut, so that nobody comes back in between.
      relay.stopListening();
      relay.cut();
    }
  }

  @Override
  public void makeAvailable() {
    for (TcpRelay relay : relays) {
      relay.heal();
    }
  }

  @Override
  public boolean canBeWiped() {
    return false;
  }

  @Override
  public void wipe() {
    throw new UnsupportedOperationException("somebody else's etcd is never wiped");
  }

  @Override
  public void close() {
    relays.forEach(TcpRelay::close);
  }
}
