package dev.holdfast.cli.console;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * The right to use the console: on loopback everyone reads; beyond it reading needs the token, and
 * actions need it everywhere. The comparison takes the same time whatever is sent.
 *
 * @param token what browsers present as {@code Authorization: Bearer}
 * @param loopback whether only this machine reaches the console
 */
record ConsoleAccess(String token, boolean loopback) {
  private static final String SCHEME = "Bearer ";
  private static final int RANDOM_BYTES = 24;

  /** A token that nobody can guess. */
  static String randomToken() {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  boolean mayRead(String authorization) {
    return loopback || mayAct(authorization);
  }

  boolean mayAct(String authorization) {
    return MessageDigest.isEqual(
        (SCHEME + token).getBytes(StandardCharsets.UTF_8),
        authorization.getBytes(StandardCharsets.UTF_8));
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "ConsoleAccess{loopback=" + loopback + "}";
  }
}
