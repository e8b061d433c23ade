package dev.holdfast.cli.gateway;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.gateway.config.GatewayConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The warnings printed when a gateway starts.
 *
 * @param clusters number of clusters
 * @param plaintext whether clients beyond this machine are served in plaintext
 * @param openAdmin whether the admin page is served beyond this machine
 */
record StartWarnings(GatewayConfig config, int clusters, boolean plaintext, boolean openAdmin) {
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    Optional<String> registry = config.registry().map(RegistryUri::toString);
    if (config.hasNoUpstreams()) {
      lines.add(GatewayFile.NO_CLUSTERS);
    } else if (clusters == 0 && registry.isPresent()) {
      lines.add(
          "no service is known yet in "
              + registry.get()
              + ": calls are answered as soon as one is registered there (event=names_failed in the"
              + " log says why where the registry did not answer)");
    }
    if (plaintext) {
      lines.add(
          "clients are served in plaintext beyond this machine; --tls-cert and --tls-key, or tls of"
              + " the listener, encrypt it");
    }
    if (openAdmin) {
      lines.add("every client that reaches the admin page may drain this gateway");
    }
    return lines;
  }
}
