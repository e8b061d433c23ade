package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.tls.ServerNames;
import java.util.List;

/** The keys of a gateway's file about certificates. */
final class TlsKeys {
  @Limit(
      of = "certificates that a listener of a gateway chooses from by name",
      then = "the configuration is refused")
  static final int MAX_CERTIFICATES = 100;

  static final String CERTIFICATES = "certificates";

  static final TunableText CERTIFICATE =
      new TunableText(
          "certificate",
          "a PEM file, from the folder of this file on",
          "",
          "Certificates of this side, its own first; read again when they change.");
  static final TunableText KEY =
      new TunableText(
          "key", "a PEM file without a password", "", "The private key of the certificate.");
  static final TunableText NAMES =
      new TunableText(
          "names",
          "a list of " + ServerNames.EXPECTED,
          "",
          "Who asks for one of these is shown this certificate, which must be for them. A host"
              + " before the longest suffix.");
  static final TunableText CLIENT_CA =
      new TunableText(
          "client-ca",
          "a PEM file",
          "",
          "Authorities that sign the certificates of clients; without it none is asked for.");
  static final TunableChoice CLIENT_AUTH =
      new TunableChoice(
          "client-auth",
          List.of("require", "optional"),
          "require",
          "With client-ca: whether clients without a certificate are served too.");
  static final TunableChoice FORWARD_CLIENT =
      new TunableChoice(
          "forward-client",
          List.of("set", "append", "none"),
          "set",
          "With client-ca: whether services hear who a client is, in x-forwarded-client-cert."
              + " append is for clients that speak for others, such as another gateway: what they"
              + " say there stays, before their own certificate.");
  static final TunableText CA =
      new TunableText(
          "ca",
          "a PEM file",
          "those that the JDK trusts",
          "Authorities that sign the certificates of endpoints.");
  static final TunableText SERVER_NAME =
      new TunableText(
          "server-name",
          "a host",
          "the host of the endpoint",
          "Whom the certificate of an endpoint must be for; also asked for by SNI.");

  static final GatewayKeys.KeySection NAMED =
      GatewayKeys.KeySection.of(
          ConfigKey.texts(NAMES).mandatory(),
          ConfigKey.value(CERTIFICATE).mandatory(),
          ConfigKey.value(KEY).mandatory());
  static final GatewayKeys.KeySection LISTENER =
      GatewayKeys.KeySection.of(
          ConfigKey.value(CERTIFICATE).mandatory(),
          ConfigKey.value(KEY).mandatory(),
          ConfigKey.items(
              CERTIFICATES,
              NAMED,
              "Further ones for clients that ask for a name (SNI); all others are shown the first"
                  + " one."),
          ConfigKey.value(CLIENT_CA),
          ConfigKey.value(CLIENT_AUTH),
          ConfigKey.value(FORWARD_CLIENT));
  static final GatewayKeys.KeySection UPSTREAM =
      GatewayKeys.KeySection.of(
          ConfigKey.value(CA),
          ConfigKey.value(CERTIFICATE),
          ConfigKey.value(KEY),
          ConfigKey.value(SERVER_NAME));

  private TlsKeys() {}
}
