package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import java.util.List;

/** The keys of a gateway's file about where and how clients are served. */
final class ListenerKeys {
  /** Listeners that a file may have. */
  @Limit(of = "listeners of a gateway", then = "the configuration is refused")
  static final int MAX_LISTENERS = 16;

  @Limit(of = "networks that a listener of a gateway trusts", then = "it is refused")
  static final int MAX_TRUSTED = 100;

  @Limit(of = "names whose TLS a listener of a gateway passes through", then = "it is refused")
  static final int MAX_NAMES = 1_000;

  static final String SNI = "sni";

  static final TunableText ADDRESS =
      new TunableText(
          "address",
          "PORT or IP:PORT, IPv6 in brackets",
          "",
          "Where clients are served; a port alone is one of loopback, 0.0.0.0:8080 opens it.");

  static final TunableChoice PROXY_PROTOCOL =
      new TunableChoice(
          "proxy-protocol",
          List.of("none", "optional", "require"),
          "none",
          "Whether connections begin with a header of the PROXY protocol, version 1 or 2, that says"
              + " who the client is.");
  static final TunableText TRUSTED =
      new TunableText(
          "trusted",
          "a list of addresses and networks such as 10.0.0.0/8",
          "",
          "With proxy-protocol: whose headers are believed. Others are turned away where one is"
              + " required, and are clients themselves where it is optional.");

  static final TunableText FORWARDERS =
      new TunableText(
          "trusted-forwarders",
          "a list of addresses and networks such as 10.0.0.0/8",
          "",
          "The proxies in front whose x-forwarded-for, -proto, -host and the like and forwarded are"
              + " kept, and added to. Those of anybody else are replaced.");

  static final TunableChoice PROTOCOL =
      new TunableChoice(
          "protocol",
          List.of("http", "l4"),
          "http",
          "l4 takes anything: HTTP/2 is balanced by call, the rest goes on byte for byte.");
  static final TunableText CLUSTER =
      new TunableText(
          "cluster",
          "the name of a cluster",
          "",
          "With protocol l4: where all goes that is neither HTTP/2 nor TLS for one of sni.");
  static final TunableText SNI_CLUSTER =
      new TunableText("*", "the name of a cluster", "", "Where that TLS goes.");
  static final TunableChoice SEND_PROXY_PROTOCOL =
      new TunableChoice(
          "send-proxy-protocol",
          List.of("none", "v2"),
          "none",
          "With protocol l4: whether endpoints are told by a header who the client is.");

  static final GatewayKeys.KeySection LISTENER =
      GatewayKeys.KeySection.of(
          ConfigKey.value(ADDRESS).mandatory(),
          ConfigKey.group(
              GatewayKeys.TLS, TlsKeys.LISTENER, "TLS 1.3 and 1.2; without it plaintext."),
          ConfigKey.value(PROXY_PROTOCOL),
          ConfigKey.texts(TRUSTED),
          ConfigKey.texts(FORWARDERS),
          ConfigKey.value(PROTOCOL),
          ConfigKey.value(CLUSTER),
          ConfigKey.shares(
              SNI,
              SNI_CLUSTER,
              "With protocol l4: hosts or *.suffix; TLS that asks for one of them is passed through"
                  + " to its cluster as it is."),
          ConfigKey.value(SEND_PROXY_PROTOCOL));

  private ListenerKeys() {}
}
