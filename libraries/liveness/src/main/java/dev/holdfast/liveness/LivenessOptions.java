package dev.holdfast.liveness;

import dev.holdfast.core.PathProfile;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings for probing, suspecting and closing a silent connection. Immutable.
 *
 * <p>{@link #DEFAULT} suits an unknown path; {@link #of(PathProfile)} and {@link
 * #ofPathIdleTimeout(Duration)} derive the settings from a known one.
 *
 * @param idle for how long a peer may be silent before it is probed; at least 1 s, default 30 s
 * @param spacing between two probes, and how long an answer may take before the connection is
 *     suspect; at least 1 s, default 10 s
 * @param window for how long after the first unanswered probe, and after {@code idle} of silence,
 *     neither a byte nor an ACK may come before the connection is closed; at least {@code spacing},
 *     default 90 s
 * @param hardLimit for how long after that a connection lives at most, while ACKs come or nothing
 *     else can be reached either; at least {@code window}, default 5 min
 * @param safeIdle for how long a connection may be silent and still be given a call without a proof
 *     of life; at least 100 ms, default 20 s. Below 1 s the kernel can't be asked, so that a proof
 *     costs a replacement where no PING is permitted
 * @param connectWithin how long a new connection may take up to the peer's SETTINGS; at least 100
 *     ms, default 20 s
 * @param pingPermit the shortest spacing of PINGs the peer is known to permit, with or without
 *     calls; empty (default): the default policy of gRPC servers is respected. Of no meaning to a
 *     server, whose clients do not punish
 * @param pingsEndAtHop whether a hop on the path answers PINGs itself, so that their answers don't
 *     speak for the peer; default false
 * @param tcp the options of the socket
 */
public record LivenessOptions(
    Duration idle,
    Duration spacing,
    Duration window,
    Duration hardLimit,
    Duration safeIdle,
    Duration connectWithin,
    Optional<Duration> pingPermit,
    boolean pingsEndAtHop,
    TcpOptions tcp) {

  /**
   * The TCP options of one socket, set without root and without sysctl.
   *
   * @param keepIdle silence before the kernel's first keepalive probe; whole seconds, at least 1 s,
   *     default 45 s
   * @param keepInterval between the kernel's probes; whole seconds, at least 1 s, default 10 s
   * @param keepCount unanswered probes after which the kernel gives up where there is no user
   *     timeout; 1 to 127, default 9
   * @param userTimeout for how long sent data may stay unacknowledged before the kernel gives up;
   *     at least 1 s, default the hard limit. Linux with epoll only
   */
  public record TcpOptions(
      Duration keepIdle, Duration keepInterval, int keepCount, Duration userTimeout) {
    /** The largest TCP_KEEPCNT that Linux accepts. */
    private static final int LARGEST_KEEP_COUNT = 127;

    /** The longest TCP_KEEPIDLE and TCP_KEEPINTVL that Linux accepts. */
    private static final Duration LONGEST_KEEP_TIME = Duration.ofSeconds(32_767);

    public TcpOptions {
      wholeSeconds("tcp.keepIdle", keepIdle);
      wholeSeconds("tcp.keepInterval", keepInterval);
      if (keepCount < 1 || keepCount > LARGEST_KEEP_COUNT) {
        throw new IllegalArgumentException(
            "tcp.keepCount: " + keepCount + " (expected: 1 to " + LARGEST_KEEP_COUNT + ")");
      }
      atLeast("tcp.userTimeout", userTimeout, SECOND, "1s");
    }

    private static void wholeSeconds(String name, Duration value) {
      if (value.compareTo(SECOND) < 0
          || value.compareTo(LONGEST_KEEP_TIME) > 0
          || value.toNanosPart() != 0) {
        throw new IllegalArgumentException(
            name + ": " + value + " (expected: whole seconds, 1s to 32767s)");
      }
    }
  }

  static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration SHORTEST = Duration.ofMillis(100);

  @Limit(of = "each time in the options of liveness", then = "a longer one is refused")
  private static final Duration LONGEST = Duration.ofDays(1);

  /** The probes of a path must come several times within its idle timeout: one may be lost. */
  private static final int PROBES_PER_TIMEOUT = 3;

  /** The options for an unknown path. */
  public static final LivenessOptions DEFAULT =
      new LivenessOptions(
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofSeconds(90),
          Duration.ofMinutes(5),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Optional.empty(),
          false,
          new TcpOptions(Duration.ofSeconds(45), Duration.ofSeconds(10), 9, Duration.ofMinutes(5)));

  public LivenessOptions {
    atLeast("idle", idle, SECOND, "1s");
    atLeast("spacing", spacing, SECOND, "1s");
    atLeast("window", window, spacing, "spacing, " + spacing);
    atLeast("hardLimit", hardLimit, window, "window, " + window);
    atLeast("safeIdle", safeIdle, SHORTEST, "100ms");
    atLeast("connectWithin", connectWithin, SHORTEST, "100ms");
    pingPermit.ifPresent(permit -> atLeast("pingPermit", permit, SECOND, "1s"));
    atMost("idle", idle);
    atMost("hardLimit", hardLimit);
    atMost("safeIdle", safeIdle);
    atMost("connectWithin", connectWithin);
    atMost("tcp.userTimeout", tcp.userTimeout());
  }

  /** The options for this kind of path. */
  public static LivenessOptions of(PathProfile profile) {
    LivenessOptions options =
        profile.idleTimeout().map(LivenessOptions::ofPathIdleTimeout).orElse(DEFAULT);
    return profile.layer() == PathProfile.Layer.REQUESTS
        ? options.withPingsEndAtHop(true)
        : options;
  }

  /**
   * The options for a path that forgets connections on which nothing happened for this time: a
   * third of it passes at most between two signs of life, and half of it before a call needs a
   * proof.
   *
   * @param idleTimeout at least 1 s
   */
  public static LivenessOptions ofPathIdleTimeout(Duration idleTimeout) {
    atLeast("idleTimeoutOfPath", idleTimeout, SECOND, "1s");
    Duration third = idleTimeout.dividedBy(PROBES_PER_TIMEOUT);
    Duration keepIdle = wholeSecondsWithin(third, DEFAULT.tcp.keepIdle());
    Duration keepInterval = wholeSecondsWithin(third, DEFAULT.tcp.keepInterval());
    Duration spacing = within(third.dividedBy(PROBES_PER_TIMEOUT), SECOND, DEFAULT.spacing);
    return new LivenessOptions(
        within(third, SECOND, DEFAULT.idle),
        spacing,
        DEFAULT.window,
        DEFAULT.hardLimit,
        within(idleTimeout.dividedBy(2), SHORTEST, DEFAULT.safeIdle),
        DEFAULT.connectWithin,
        DEFAULT.pingPermit,
        DEFAULT.pingsEndAtHop,
        new TcpOptions(keepIdle, keepInterval, DEFAULT.tcp.keepCount(), DEFAULT.tcp.userTimeout()));
  }

  /** As these, with other times until a silent peer is given up. */
  public LivenessOptions withPatience(Duration newWindow, Duration newHardLimit) {
    TcpOptions newTcp =
        new TcpOptions(tcp.keepIdle(), tcp.keepInterval(), tcp.keepCount(), newHardLimit);
    return new LivenessOptions(
        idle,
        spacing,
        newWindow,
        newHardLimit,
        safeIdle,
        connectWithin,
        pingPermit,
        pingsEndAtHop,
        newTcp);
  }

  /** As these, with other times of probing. */
  public LivenessOptions withProbing(Duration newIdle, Duration newSpacing) {
    return new LivenessOptions(
        newIdle,
        newSpacing,
        window,
        hardLimit,
        safeIdle,
        connectWithin,
        pingPermit,
        pingsEndAtHop,
        tcp);
  }

  /** As these, with another {@link #safeIdle}. */
  public LivenessOptions withSafeIdle(Duration newSafeIdle) {
    return new LivenessOptions(
        idle,
        spacing,
        window,
        hardLimit,
        newSafeIdle,
        connectWithin,
        pingPermit,
        pingsEndAtHop,
        tcp);
  }

  /** As these, with another {@link #connectWithin}. */
  public LivenessOptions withConnectWithin(Duration newConnectWithin) {
    return new LivenessOptions(
        idle,
        spacing,
        window,
        hardLimit,
        safeIdle,
        newConnectWithin,
        pingPermit,
        pingsEndAtHop,
        tcp);
  }

  /** As these, with a known {@link #pingPermit}. */
  public LivenessOptions withPingPermit(Duration newPingPermit) {
    return new LivenessOptions(
        idle,
        spacing,
        window,
        hardLimit,
        safeIdle,
        connectWithin,
        Optional.of(newPingPermit),
        pingsEndAtHop,
        tcp);
  }

  /** As these, with another {@link #pingsEndAtHop}. */
  public LivenessOptions withPingsEndAtHop(boolean newPingsEndAtHop) {
    return new LivenessOptions(
        idle,
        spacing,
        window,
        hardLimit,
        safeIdle,
        connectWithin,
        pingPermit,
        newPingsEndAtHop,
        tcp);
  }

  /** As these, with other options of the socket. */
  public LivenessOptions withTcp(TcpOptions newTcp) {
    return new LivenessOptions(
        idle,
        spacing,
        window,
        hardLimit,
        safeIdle,
        connectWithin,
        pingPermit,
        pingsEndAtHop,
        newTcp);
  }

  private static Duration within(Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0) {
      return least;
    }
    return value.compareTo(most) > 0 ? most : value;
  }

  private static Duration wholeSecondsWithin(Duration value, Duration most) {
    return within(Duration.ofSeconds(value.toSeconds()), SECOND, most);
  }

  private static void atLeast(String name, Duration value, Duration least, String leastText) {
    if (value.compareTo(least) < 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + leastText + ")");
    }
  }

  private static void atMost(String name, Duration value) {
    if (value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: <= 24h)");
    }
  }
}
