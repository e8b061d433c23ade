package dev.holdfast.registry.kubernetes;

import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * What is needed for a request now. {@link #toString()} shows no token.
 *
 * @param server the API server, without a slash at its end
 * @param token "" when a certificate says who asks
 * @param tls trust and client certificate; null for plain HTTP
 * @param proxy where requests go through
 * @param expires when the credentials are of no use any more
 */
record Access(
    URI server,
    String token,
    @Nullable SSLContext tls,
    Optional<URI> proxy,
    Optional<Instant> expires) {

  boolean isExpired(Instant now) {
    return expires.isPresent() && !now.isBefore(expires.get());
  }

  @Override
  public String toString() {
    return "access to " + server;
  }
}
