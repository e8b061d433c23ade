package dev.holdfast.registry.kubernetes.internal.credentials;

import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The address and the credentials for requests to the API server. {@link #toString()} shows no
 * token.
 *
 * @param server the API server, without a slash at its end
 * @param token the bearer token, or "" when a client certificate authenticates
 * @param tls trust and client certificate; null for plain HTTP
 * @param proxy the HTTP proxy for requests, if any
 * @param expires when the credentials expire, if known
 */
public record ApiCredentials(
    URI server,
    String token,
    @Nullable SSLContext tls,
    Optional<URI> proxy,
    Optional<Instant> expires) {

  public boolean isExpired(Instant now) {
    return expires.isPresent() && !now.isBefore(expires.get());
  }

  @Override
  public String toString() {
    return "access to " + server;
  }
}
