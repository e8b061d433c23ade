package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.config.GatewayConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/**
 * Status of the configuration: the one that is applied, and the last one that was rejected.
 * Thread-safe.
 */
public final class ConfigStatus {
  private static final int HASH_DIGITS = 12;

  private volatile ConfigStatusSnapshot configStatusSnapshot;

  /**
   * A consistent snapshot of the status.
   *
   * @param source the name of the file; "" without one
   * @param hash the first {@value #HASH_DIGITS} digits of the SHA-256 of its text
   * @param refusal why the last file was rejected; "" when the last one was applied
   * @param refusedAt when the last file was rejected; the epoch if none was
   */
  public record ConfigStatusSnapshot(
      GatewayConfig config,
      String source,
      String hash,
      Instant appliedAt,
      String refusal,
      Instant refusedAt) {}

  /** The status of a first configuration, applied now. */
  public ConfigStatus(String source, String text, GatewayConfig config) {
    this.configStatusSnapshot =
        new ConfigStatusSnapshot(config, source, hash(text), Instant.now(), "", Instant.EPOCH);
  }

  /** Records that a configuration was applied; clears the last rejection. */
  public void onApplied(String text, GatewayConfig config) {
    configStatusSnapshot =
        new ConfigStatusSnapshot(
            config, configStatusSnapshot.source, hash(text), Instant.now(), "", Instant.EPOCH);
  }

  /** Records that a configuration was rejected. The applied one stays in effect. */
  public void onRefused(String why) {
    ConfigStatusSnapshot was = configStatusSnapshot;
    configStatusSnapshot =
        new ConfigStatusSnapshot(
            was.config, was.source, was.hash, was.appliedAt, why, Instant.now());
  }

  ConfigStatusSnapshot configStatusSnapshot() {
    return configStatusSnapshot;
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
