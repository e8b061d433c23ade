package dev.holdfast.streams.redis;

import dev.holdfast.core.annotation.Limit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The settings of a {@link RedisSessionStore}. Immutable; start from {@link #DEFAULT} and use the
 * {@code with..} methods.
 *
 * @param namespace prefix of all keys: 1 to 64 letters, digits and {@code : _ . -}; default {@code
 *     holdfast:streams:}
 * @param timeout the longest wait for a reply and for a connect, after which the connection is
 *     dropped; the first replies on a connection may take five times as long; 10 ms to 10 s,
 *     default 2 s
 * @param connections number of connections to Redis; 1 to 32, default 4
 * @param maxInFlight requests that Redis has not answered; more wait; 1 to 100,000, default 4,096
 * @param maxWaiting requests that wait or are in flight; more fail at once; default 250,000
 * @param maxRecordBytes bytes of unacknowledged messages of one session, beyond which it is lost; 1
 *     KiB to 512 MiB, default 16 MiB
 * @param restarts whether records from before a restart are trusted; default {@link
 *     RestartTrust#BY_FSYNC}
 * @param authorities certificates (PEM) that sign Redis's with {@code rediss:}; default: the JDK's
 */
public record RedisStoreOptions(
    String namespace,
    Duration timeout,
    int connections,
    int maxInFlight,
    int maxWaiting,
    int maxRecordBytes,
    RestartTrust restarts,
    Optional<Path> authorities) {

  /**
   * The policy for records written before Redis restarted or before another Redis became the
   * primary.
   */
  public enum RestartTrust {
    /**
     * Trusted where Redis says that it writes each change to its disk before it answers ({@code
     * appendfsync always}) and that it was never a replica. Otherwise as {@link #UNTRUSTED}.
     */
    BY_FSYNC,
    /** Trusted: what Redis forgot may be processed again. */
    TRUSTED,
    /** Good for the instance that has the session in memory; a session that moved is lost. */
    UNTRUSTED
  }

  private static final Pattern NAMESPACE = Pattern.compile("[A-Za-z0-9:_.-]{1,64}");
  private static final Duration LEAST_TIMEOUT = Duration.ofMillis(10);

  @Limit(
      of = "time without any answer while one is awaited from Redis, at the highest setting",
      then = "a longer one is refused")
  private static final Duration MOST_TIMEOUT = Duration.ofSeconds(10);

  @Limit(
      of = "connections of a session store to Redis, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_CONNECTIONS = 32;

  @Limit(
      of = "requests of sessions that Redis has not answered, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_IN_FLIGHT = 100_000;

  @Limit(
      of = "requests of sessions that wait for Redis, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_WAITING = 10_000_000;

  private static final int LEAST_RECORD_BYTES = 1 << 10;

  @Limit(
      of = "unacknowledged messages of one session in Redis, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_RECORD_BYTES = 512 << 20;

  @Limit(
      of = "time without any answer while one is awaited from Redis, unless set otherwise",
      then = "its connections are given up, and requests fail until there are new ones")
  static final Duration TIMEOUT = Duration.ofSeconds(2);

  @Limit(
      of = "requests of sessions that Redis has not answered, unless set otherwise",
      then = "more of them wait")
  static final int MAX_IN_FLIGHT = 4096;

  @Limit(
      of = "requests of sessions that wait for Redis, unless set otherwise",
      then = "more of them fail at once, and are made again by their sessions")
  static final int MAX_WAITING = 250_000;

  @Limit(
      of = "unacknowledged messages of one session in Redis, unless set otherwise",
      then = "the session is lost")
  static final int MAX_RECORD_BYTES = 16 << 20;

  /** The settings of a store that is opened without any. */
  public static final RedisStoreOptions DEFAULT =
      new RedisStoreOptions(
          "holdfast:streams:",
          TIMEOUT,
          4,
          MAX_IN_FLIGHT,
          MAX_WAITING,
          MAX_RECORD_BYTES,
          RestartTrust.BY_FSYNC,
          Optional.empty());

  public RedisStoreOptions {
    if (!NAMESPACE.matcher(namespace).matches()) {
      throw new IllegalArgumentException(
          "namespace: \"" + namespace + "\" (expected: 1 to 64 letters, digits, : _ . or -)");
    }
    if (timeout.compareTo(LEAST_TIMEOUT) < 0 || timeout.compareTo(MOST_TIMEOUT) > 0) {
      throw new IllegalArgumentException("timeout: " + timeout + " (expected: 10 ms to 10 s)");
    }
    number("connections", connections, 1, MOST_CONNECTIONS);
    number("maxInFlight", maxInFlight, 1, MOST_IN_FLIGHT);
    number("maxWaiting", maxWaiting, maxInFlight, MOST_WAITING);
    number("maxRecordBytes", maxRecordBytes, LEAST_RECORD_BYTES, MOST_RECORD_BYTES);
  }

  public RedisStoreOptions withNamespace(String newNamespace) {
    return with(draft -> draft.namespace = newNamespace);
  }

  public RedisStoreOptions withTimeout(Duration newTimeout) {
    return with(draft -> draft.timeout = newTimeout);
  }

  public RedisStoreOptions withConnections(int count) {
    return with(draft -> draft.connections = count);
  }

  public RedisStoreOptions withMaxInFlight(int requests) {
    return with(draft -> draft.maxInFlight = requests);
  }

  public RedisStoreOptions withMaxWaiting(int requests) {
    return with(draft -> draft.maxWaiting = requests);
  }

  public RedisStoreOptions withMaxRecordBytes(int bytes) {
    return with(draft -> draft.maxRecordBytes = bytes);
  }

  public RedisStoreOptions withRestarts(RestartTrust newRestarts) {
    return with(draft -> draft.restartTrust = newRestarts);
  }

  public RedisStoreOptions withAuthorities(Path pem) {
    return with(draft -> draft.authorities = Optional.of(pem));
  }

  private RedisStoreOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.options();
  }

  private static void number(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }

  /** A copy that can be changed, so that each option is copied in one place only. */
  private static final class Draft {
    private String namespace;
    private Duration timeout;
    private int connections;
    private int maxInFlight;
    private int maxWaiting;
    private int maxRecordBytes;
    private RestartTrust restartTrust;
    private Optional<Path> authorities;

    Draft(RedisStoreOptions from) {
      this.namespace = from.namespace;
      this.timeout = from.timeout;
      this.connections = from.connections;
      this.maxInFlight = from.maxInFlight;
      this.maxWaiting = from.maxWaiting;
      this.maxRecordBytes = from.maxRecordBytes;
      this.restartTrust = from.restarts;
      this.authorities = from.authorities;
    }

    RedisStoreOptions options() {
      return new RedisStoreOptions(
          namespace,
          timeout,
          connections,
          maxInFlight,
          maxWaiting,
          maxRecordBytes,
          restartTrust,
          authorities);
    }
  }
}
