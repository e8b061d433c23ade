package dev.holdfast.gateway.config;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableText;
import dev.holdfast.gateway.listener.CidrRange;
import dev.holdfast.gateway.listener.L4Options;
import dev.holdfast.gateway.listener.ProxyProtocolOptions;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.ServerNames;
import dev.holdfast.yaml.YamlMap;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Parser of the listeners in a gateway's file. */
final class ListenerYaml {
  private static final String ADDRESS = ListenerKeys.ADDRESS.key();

  private static final String PROXY_PROTOCOL = ListenerKeys.PROXY_PROTOCOL.key();
  private static final String SEND_PROXY_PROTOCOL = ListenerKeys.SEND_PROXY_PROTOCOL.key();
  private static final String CLUSTER = ListenerKeys.CLUSTER.key();
  private static final String L4 = "l4";
  private static final String TRUSTED = ListenerKeys.TRUSTED.key();

  private final YamlMap top;
  private final TlsYaml tls;
  private final Map<String, ClusterConfig> clusters;
  private final ClusterNames names;

  ListenerYaml(YamlMap top, TlsYaml tls, Map<String, ClusterConfig> clusters) {
    this.top = top;
    this.tls = tls;
    this.clusters = clusters;
    this.names = new ClusterNames(clusters.keySet());
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
      if (!listener.has(ADDRESS) && !items.hasProblem(item)) {
        listener.problem(ADDRESS, "nothing", ListenerKeys.ADDRESS.expected());
      }
      Optional<ListenerTls> secured = tls.ofListener(listener);
      Optional<ProxyProtocolOptions> proxies = proxies(listener);
      Optional<L4Options> l4 = l4(listener);
      List<CidrRange> forwarders = networks(listener, ListenerKeys.FORWARDERS);
      listener
          .parsed(ADDRESS, ListenerKeys.ADDRESS.expected(), ListenerYaml::address)
          .map(address -> new ListenerConfig(address, secured, proxies, l4, forwarders))
          .ifPresent(next -> add(next, listener, listeners));
    }
    return listeners;
  }

  private static Optional<ProxyProtocolOptions> proxies(YamlMap listener) {
    String mode = word(listener, ListenerKeys.PROXY_PROTOCOL);
    List<CidrRange> trusted = networks(listener, ListenerKeys.TRUSTED);
    boolean none = mode.equals(GatewayKeys.NONE);
    if (!listener.hasProblem(PROXY_PROTOCOL) && !listener.hasProblem(TRUSTED)) {
      if (none && listener.has(TRUSTED)) {
        listener.problem(TRUSTED, "without proxy-protocol", "both, or none");
      } else if (!none && trusted.isEmpty()) {
        listener.problem(TRUSTED, "nobody", ListenerKeys.TRUSTED.expected());
      }
    }
    return none
        ? Optional.empty()
        : Optional.of(new ProxyProtocolOptions(mode.equals("require"), trusted));
  }

  private static List<CidrRange> networks(YamlMap listener, TunableText key) {
    YamlMap items = listener.list(key.key(), key.expected());
    if (items.keys().size() > ListenerKeys.MAX_TRUSTED) {
      listener.problem(
          key.key(), items.keys().size() + " networks", "at most " + ListenerKeys.MAX_TRUSTED);
    }
    List<CidrRange> cidrRanges = new ArrayList<>();
    for (String item : items.keys()) {
      items.parsed(item, CidrRange.EXPECTED, CidrRange::parse).ifPresent(cidrRanges::add);
    }
    return cidrRanges;
  }

  private Optional<L4Options> l4(YamlMap listener) {
    String protocol = word(listener, ListenerKeys.PROTOCOL);
    String announced = word(listener, ListenerKeys.SEND_PROXY_PROTOCOL);
    if (!protocol.equals(L4)) {
      for (String key : List.of(CLUSTER, ListenerKeys.SNI, SEND_PROXY_PROTOCOL)) {
        if (listener.has(key)) {
          listener.problem(key, "without protocol: l4", "both, or none; routes say it for HTTP");
        }
      }
      return Optional.empty();
    }
    Optional<String> cluster = listener.text(CLUSTER, ListenerKeys.CLUSTER.expected());
    cluster.ifPresent(name -> requirePlain(listener, CLUSTER, name));
    Map<String, String> sni = sni(listener);
    if (!listener.has(CLUSTER) && !listener.has(ListenerKeys.SNI)) {
      listener.problem(CLUSTER, "nothing", names.expected("") + ", or sni");
    }
    if (word(listener, ListenerKeys.PROXY_PROTOCOL).equals("optional")) {
      listener.problem(
          PROXY_PROTOCOL,
          "optional beside protocol: l4",
          "none or require: a server may speak first");
    }
    return Optional.of(new L4Options(cluster, new ServerNames<>(sni), announced.equals("v2")));
  }

  private Map<String, String> sni(YamlMap listener) {
    YamlMap all = listener.map(ListenerKeys.SNI, "names, each with a cluster");
    if (all.keys().size() > ListenerKeys.MAX_NAMES) {
      listener.problem(
          ListenerKeys.SNI, all.keys().size() + " names", "at most " + ListenerKeys.MAX_NAMES);
    }
    Map<String, String> sni = new HashMap<>();
    for (String name : all.keys()) {
      try {
        String small = ServerNames.parse(name, name);
        Optional<String> cluster = all.text(name, ListenerKeys.SNI_CLUSTER.expected());
        cluster.ifPresent(
            to -> {
              requirePlain(all, name, to);
              sni.put(small, to);
            });
      } catch (IllegalArgumentException e) {
        all.problem(name, "no name", ServerNames.EXPECTED);
      }
    }
    return sni;
  }

  /**
   * Requires a known cluster without TLS. Layer-4 bytes are proxied as the client sends them, so
   * the gateway can't add TLS.
   */
  private void requirePlain(YamlMap at, String key, String name) {
    names.require(at, key, name);
    ClusterConfig known = clusters.get(name);
    if (known != null && known.tls().isPresent()) {
      at.problem(key, name + ", which has tls", "a cluster without");
    }
  }

  /** The value of a key with fixed words, or its default. */
  private static String word(YamlMap listener, TunableChoice choice) {
    return listener.hasProblem(choice.key())
        ? choice.defaultText()
        : listener
            .parsed(choice.key(), choice.expected(), (name, text) -> word(name, text, choice))
            .orElse(choice.defaultText());
  }

  static String word(String name, String text, TunableChoice choice) {
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

  /** Parses a listening address. Only IP literals are valid, so that no name is resolved. */
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
