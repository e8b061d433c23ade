package dev.holdfast.cli.gateway;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.ListenerConfig;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.TlsIdentity;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The listener that the command line defines. {@code --listen} replaces the listeners of a file.
 */
record ListenerSettings(
    Optional<String> listen,
    Optional<Path> certificate,
    Optional<Path> key,
    Optional<Path> clientAuthority) {
  private static final String DEFAULT_PORT = "8080";

  ListenerSettings {
    boolean none = certificate.isEmpty() && key.isEmpty() && clientAuthority.isEmpty();
    if (!none && (certificate.isEmpty() || key.isEmpty())) {
      throw UserError.usage(
          "tls-cert, tls-key, tls-client-ca: one without the others (expected: --tls-cert and"
              + " --tls-key, and with them --tls-client-ca where clients must show a certificate)");
    }
  }

  /** The listeners that count beside a file. */
  List<ListenerConfig> configs(GatewayConfig file) {
    if (listen.isEmpty() && !file.listeners().isEmpty()) {
      if (certificate.isPresent()) {
        throw UserError.usage(
            "tls-cert: beside listeners of the file (expected: --listen, or tls of the listener)");
      }
      return file.listeners();
    }
    return List.of(
        new ListenerConfig(ListenAddress.parse("listen", listen.orElse(DEFAULT_PORT)), tls()));
  }

  /**
   * Refuses addresses at which the gateway will not be able to listen.
   *
   * @throws UserError that names the setting
   */
  void requireFree(GatewayConfig file) {
    List<ListenerConfig> configs = configs(file);
    boolean ofFile = listen.isEmpty() && !file.listeners().isEmpty();
    for (int i = 0; i < configs.size(); i++) {
      ListenAddress.requireFree(
          ofFile ? "listeners[" + i + "].address" : "listen", configs.get(i).address());
    }
  }

  private Optional<ListenerTls> tls() {
    if (certificate.isEmpty() || key.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new ListenerTls(
            new TlsIdentity(certificate.get(), key.get()),
            clientAuthority.map(file -> new ListenerTls.ClientAuthentication(file, true))));
  }
}
