package dev.holdfast.gateway.config;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.gateway.edge.Network;
import dev.holdfast.gateway.edge.ProxyTerms;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.yaml.YamlMap;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the listeners of a gateway's file. */
final class ListenerYaml {
  private static final String ADDRESS = ListenerKeys.ADDRESS.key();

  private static final String PROXY_PROTOCOL = ListenerKeys.PROXY_PROTOCOL.key();
  private static final String TRUSTED = ListenerKeys.TRUSTED.key();

  private final YamlMap top;
  private final TlsYaml tls;

  ListenerYaml(YamlMap top, TlsYaml tls) {
    this.top = top;
    this.tls = tls;
  }

  List<ListenerConfig> read() {
    YamlMap items = top.list(GatewayKeys.LISTENERS, "a list of listeners");
    if (items.keys().size() > ListenerKeys.MAX_LISTENERS) {
      top.problem(
          GatewayKeys.LISTENERS,
          items.keys().size() + " listeners",
          "at most " + ListenerKeys.MAX_LISTENERS);
    }
    List<ListenerConfig> listeners = new ArrayList<>();
    for (String item : items.keys()) {
      YamlMap listener = items.map(item, "a map with address");
      listener.requireKnown(ListenerKeys.LISTENER.names());
      if (!listener.has(ADDRESS) && !items.isProblem(item)) {
        listener.problem(ADDRESS, "nothing", ListenerKeys.ADDRESS.expected());
      }
      Optional<ListenerTls> secured = tls.ofListener(listener);
      Optional<ProxyTerms> proxies = proxies(listener);
      listener
          .parsed(ADDRESS, ListenerKeys.ADDRESS.expected(), ListenerYaml::address)
          .map(address -> new ListenerConfig(address, secured, proxies))
          .ifPresent(next -> add(next, listener, listeners));
    }
    return listeners;
  }

  private static Optional<ProxyTerms> proxies(YamlMap listener) {
    String mode =
        listener
            .parsed(
                PROXY_PROTOCOL,
                ListenerKeys.PROXY_PROTOCOL.expected(),
                (name, text) -> word(name, text, ListenerKeys.PROXY_PROTOCOL))
            .orElse(GatewayKeys.NONE);
    YamlMap items = listener.list(TRUSTED, ListenerKeys.TRUSTED.expected());
    if (items.keys().size() > ListenerKeys.MAX_TRUSTED) {
      listener.problem(
          TRUSTED, items.keys().size() + " networks", "at most " + ListenerKeys.MAX_TRUSTED);
    }
    List<Network> trusted = new ArrayList<>();
    for (String item : items.keys()) {
      items.parsed(item, Network.EXPECTED, Network::parse).ifPresent(trusted::add);
    }
    boolean none = mode.equals(GatewayKeys.NONE);
    if (!listener.isProblem(PROXY_PROTOCOL) && !listener.isProblem(TRUSTED)) {
      if (none && listener.has(TRUSTED)) {
        listener.problem(TRUSTED, "without proxy-protocol", "both, or none");
      } else if (!none && items.keys().isEmpty()) {
        listener.problem(TRUSTED, "nobody", ListenerKeys.TRUSTED.expected());
      }
    }
    return none ? Optional.empty() : Optional.of(new ProxyTerms(mode.equals("require"), trusted));
  }

  private static String word(String name, String text, TunableChoice choice) {
    if (!choice.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + choice.expected() + ")");
    }
    return text;
  }

  private static void add(ListenerConfig next, YamlMap listener, List<ListenerConfig> listeners) {
    for (int i = 0; i < listeners.size(); i++) {
      if (next.overlaps(listeners.get(i))) {
        listener.problem(
            ADDRESS,
            next.address().getAddress().getHostAddress() + ":" + next.address().getPort(),
            "another than listeners[" + i + "]");
      }
    }
    listeners.add(next);
  }

  /** Only literals, so that reading a file asks no name server. */
  static InetSocketAddress address(String name, String text) {
    try {
      HostPort parsed = HostPort.parse(text.indexOf(':') < 0 ? "127.0.0.1:" + text : text);
      boolean literal = parsed.isIpv6() || parsed.host().matches("[0-9]+(\\.[0-9]+){3}");
      if (literal) {
        return new InetSocketAddress(parsed.host(), parsed.port());
      }
    } catch (IllegalArgumentException e) {
      throw malformedAddress(name, text, e);
    }
    throw malformedAddress(name, text, null);
  }

  private static IllegalArgumentException malformedAddress(
      String name, String text, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        name + ": " + text + " (expected: " + ListenerKeys.ADDRESS.expected() + ")", cause);
  }
}
