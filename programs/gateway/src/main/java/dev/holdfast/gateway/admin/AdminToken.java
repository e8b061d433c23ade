package dev.holdfast.gateway.admin;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.BearerTokenFile;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token that the admin page asks for: for its actions everywhere, as any local user and any
 * program could ask for them, and for reading beyond loopback. Thread-safe.
 */
final class AdminToken {
  private static final Logger log = LoggerFactory.getLogger(AdminToken.class);

  private final boolean loopback;
  private final Optional<BearerTokenFile> file;

  /**
   * The token for one listening address.
   *
   * @param loopback whether the address is reachable only from this machine
   * @param file the file with the token; without one there are no actions
   * @throws IllegalArgumentException when everybody could read from another machine
   */
  AdminToken(boolean loopback, Optional<Path> file) {
    if (!loopback && file.isEmpty()) {
      throw new IllegalArgumentException(
          "admin: beyond loopback without a token (expected: a token file; --metrics is for"
              + " scrapers and probes)");
    }
    this.loopback = loopback;
    this.file = file.map(BearerTokenFile::new);
  }

  /**
   * The refusal of a request; empty when it is allowed.
   *
   * @param action whether it changes something
   * @param authorization the header of the request; "" for none
   */
  Optional<AdminResponse> refusal(boolean action, String authorization) {
    if (loopback && !action) {
      return Optional.empty();
    }
    if (file.isEmpty()) {
      return Optional.of(
          AdminResponse.text(
              HttpResponseStatus.FORBIDDEN,
              "actions: not allowed here (expected: a gateway with --admin-token-file)"));
    }
    boolean same;
    try {
      same = file.get().isIn(authorization);
    } catch (IOException e) {
      log.warn("event=admin_token_unreadable cause=\"{}\"", IoErrorText.of(e));
      return Optional.of(
          AdminResponse.text(
              HttpResponseStatus.SERVICE_UNAVAILABLE, "token: its file can't be read"));
    }
    return same
        ? Optional.empty()
        : Optional.of(
            AdminResponse.text(
                HttpResponseStatus.UNAUTHORIZED,
                "token: wrong or none (expected: authorization: Bearer and the token)"));
  }
}
