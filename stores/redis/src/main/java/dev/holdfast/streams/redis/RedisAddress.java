package dev.holdfast.streams.redis;

import dev.holdfast.core.annotation.Limit;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisURI;
import io.lettuce.core.StaticCredentialsProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** The address and the credentials of Redis. No text of this class contains the password. */
final class RedisAddress {
  static final String USER = "HOLDFAST_REDIS_USER";
  static final String PASSWORD = "HOLDFAST_REDIS_PASSWORD";
  static final String PASSWORD_FILE = "HOLDFAST_REDIS_PASSWORD_FILE";

  @Limit(of = "a password file of Redis", then = "a larger one is refused")
  private static final int MAX_FILE_BYTES = 64 << 10;

  private final String uri;
  private final String shown;
  private final Map<String, String> environment;
  private final boolean sentinel;

  private RedisAddress(String uri, Map<String, String> environment) {
    this.uri = uri;
    this.environment = environment;
    this.shown = withoutUser(uri);
    this.sentinel = uri.startsWith("redis-sentinel:") || uri.startsWith("rediss-sentinel:");
  }

  /**
   * Parses and checks a Redis URI.
   *
   * @throws IllegalArgumentException when the URI is not valid; the message does not contain the
   *     password
   */
  static RedisAddress parse(String uri, Map<String, String> environment) {
    RedisAddress address = new RedisAddress(uri, environment);
    boolean known = address.sentinel || uri.startsWith("redis://") || uri.startsWith("rediss://");
    try {
      // Lettuce would take a port that is no number for a part of the name.
      if (!known || (!address.sentinel && URI.create(uri).getHost() == null)) {
        throw new IllegalArgumentException("no scheme of Redis");
      }
      RedisURI parsed = RedisURI.create(uri);
      boolean user =
          parsed.getCredentialsProvider() instanceof StaticCredentialsProvider given
              && given.resolveCredentialsNow().hasPassword();
      if (user && address.hasPassword()) {
        throw new IllegalArgumentException(
            PASSWORD + " or " + PASSWORD_FILE + " beside a password in the URI");
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "redis: "
              + address.shown
              + " (expected: redis[s]://host[:port][/database] or"
              + " redis-sentinel://host[:port][,..]/database#primary"
              + (user(uri) ? ", a password in one place only)" : ")"));
    }
    if (set(environment, PASSWORD) && set(environment, PASSWORD_FILE)) {
      throw new IllegalArgumentException(
          PASSWORD + ": set together with " + PASSWORD_FILE + " (expected: one of them)");
    }
    return address;
  }

  /** Whether the primary is found by asking sentinels, and may be another one tomorrow. */
  boolean isSentinel() {
    return sentinel;
  }

  /**
   * The URI for lettuce, with the current password. Reads a file, so it may block.
   *
   * @throws IOException when the password's file can't be read
   */
  RedisURI resolve(Duration timeout) throws IOException {
    RedisURI resolved = RedisURI.create(uri);
    resolved.setTimeout(timeout);
    if (hasPassword()) {
      String user = environment.getOrDefault(USER, "");
      char[] password = password().toCharArray();
      resolved.setCredentialsProvider(
          new StaticCredentialsProvider(
              RedisCredentials.just(user.isEmpty() ? null : user, password)));
    }
    return resolved;
  }

  private String password() throws IOException {
    String file = environment.getOrDefault(PASSWORD_FILE, "");
    if (file.isEmpty()) {
      return environment.getOrDefault(PASSWORD, "");
    }
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
      if (bytes.length > MAX_FILE_BYTES) {
        throw new IOException(
            file + " (expected: at most " + MAX_FILE_BYTES + " bytes, a password)");
      }
      return new String(bytes, StandardCharsets.UTF_8).strip();
    }
  }

  private boolean hasPassword() {
    return set(environment, PASSWORD) || set(environment, PASSWORD_FILE);
  }

  private static boolean set(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isEmpty();
  }

  private static boolean user(String uri) {
    return uri.indexOf('@') >= 0;
  }

  private static String withoutUser(String uri) {
    int at = uri.lastIndexOf('@');
    int from = uri.indexOf("://");
    return at < 0
        ? uri
        : from < 0 || from > at ? "..." : uri.substring(0, from + 3) + uri.substring(at + 1);
  }

  /** The URI without user and password. */
  @Override
  public String toString() {
    return shown;
  }
}
