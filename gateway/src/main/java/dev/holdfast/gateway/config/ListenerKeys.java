package dev.holdfast.gateway.config;

import dev.holdfast.core.Limit;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableText;
import java.util.List;

/** The keys of a gateway's file about where and how clients are served. */
final class ListenerKeys {
  /** Listeners that a file may have. */
  @Limit(of = "listeners of a gateway", then = "the configuration is refused")
  static final int MAX_LISTENERS = 16;

  @Limit(of = "networks that a listener of a gateway trusts", then = "it is refused")
  static final int MAX_TRUSTED = 100;

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

  static final GatewayKeys.Section LISTENER =
      GatewayKeys.Section.of(
          Key.value(ADDRESS).mandatory(),
          Key.group(GatewayKeys.TLS, TlsKeys.LISTENER, "TLS 1.3 and 1.2; without it plaintext."),
          Key.value(PROXY_PROTOCOL),
          Key.texts(TRUSTED));

  private ListenerKeys() {}
}
