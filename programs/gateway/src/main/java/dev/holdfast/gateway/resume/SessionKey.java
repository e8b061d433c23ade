package dev.holdfast.gateway.resume;

import java.security.MessageDigest;

/** The facts that a reader must share with the opener of a stream, beside its id. Immutable. */
final class SessionKey {
  private final String path;
  private final byte[] principal;

  /**
   * Creates the key of a request.
   *
   * @param path of the gRPC method
   * @param principal the digest of {@link ResumePrincipal}
   */
  SessionKey(String path, byte[] principal) {
    this.path = path;
    this.principal = principal.clone();
  }

  String path() {
    return path;
  }

  byte[] principal() {
    return principal.clone();
  }

  /** Whether another request has the same facts; principals are compared in constant time. */
  boolean isSame(SessionKey other) {
    return path.equals(other.path) && MessageDigest.isEqual(principal, other.principal);
  }
}
