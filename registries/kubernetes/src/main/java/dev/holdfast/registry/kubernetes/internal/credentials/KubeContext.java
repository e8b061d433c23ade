package dev.holdfast.registry.kubernetes.internal.credentials;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/**
 * A cluster and the user's credentials, as a kubeconfig or a pod's service account defines them.
 *
 * @param origin where the definition stands, for messages
 * @param server the API server, without a slash at its end
 * @param namespace the namespace of services whose names have none
 * @param ca the certificate authority of the server's certificate; empty for the JDK's trust store
 * @param proxy the HTTP proxy for requests, if any
 * @param user the credentials
 */
public record KubeContext(
    String origin,
    URI server,
    String namespace,
    Optional<InlineCredential> ca,
    Optional<URI> proxy,
    User user) {

  /**
   * The user's credentials: a token, a client certificate, both, or an exec plugin.
   *
   * @param key present if and only if {@code cert} is
   */
  record User(
      Optional<InlineCredential> token,
      Optional<InlineCredential> cert,
      Optional<InlineCredential> key,
      Optional<ExecPlugin> plugin) {}

  /** A source of cluster configurations; a read may block. */
  @FunctionalInterface
  public interface Source {
    KubeContext read() throws IOException;
  }
}
