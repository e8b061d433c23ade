package dev.holdfast.registry.kubernetes;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/**
 * A cluster and who asks, as a kubeconfig or a pod says it.
 *
 * @param origin where that stands, for messages
 * @param server the API server, without a slash at its end
 * @param namespace where services are looked up that name none
 * @param ca who signed the server's certificate; empty for the JDK's trust store
 * @param proxy where requests go through
 * @param user who asks
 */
record ClusterConfig(
    String origin,
    URI server,
    String namespace,
    Optional<Material> ca,
    Optional<URI> proxy,
    User user) {

  /**
   * Who asks: by a token, a certificate, both, or what a plugin says.
   *
   * @param key comes with {@code cert}
   */
  record User(
      Optional<Material> token,
      Optional<Material> cert,
      Optional<Material> key,
      Optional<ExecPlugin> plugin) {}

  /** Reads a configuration; it may block. */
  @FunctionalInterface
  interface Source {
    ClusterConfig read() throws IOException;
  }
}
