package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.config.GatewayConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/** Which configuration counts, and which one was refused last. Thread-safe. */
public final class ConfigStatus {
  private static final int HASH_DIGITS = 12;

  private volatile Now now;

  /**
   * What is known at one moment.
   *
   * @param source the name of the file; "" without one
   * @param hash the first {@value #HASH_DIGITS} digits of the SHA-256 of its text
   * @param refusal why the last file was refused; "" when the last one was taken
   * @param refusedAt when, if ever
   */
  public record Now(
      GatewayConfig config,
      String source,
      String hash,
      Instant appliedAt,
      String refusal,
      Instant refusedAt) {}

  /** Begins with a configuration that counts. */
  public ConfigStatus(String source, String text, GatewayConfig config) {
    this.now = new Now(config, source, hash(text), Instant.now(), "", Instant.EPOCH);
  }

  /** Another one counts from now on. */
  public void onApplied(String text, GatewayConfig config) {
    now = new Now(config, now.source, hash(text), Instant.now(), "", Instant.EPOCH);
  }

  /** One was refused; what counted goes on to count. */
  public void onRefused(String why) {
    Now was = now;
    now = new Now(was.config, was.source, was.hash, was.appliedAt, why, Instant.now());
  }

  Now now() {
    return now;
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, HASH_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
