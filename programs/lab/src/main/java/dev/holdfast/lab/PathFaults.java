package dev.holdfast.lab;

import dev.holdfast.core.PathProfile;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Optional;

/**
 * The faults that a {@link Middlebox} injects into its connections. All times are those of the real
 * path; {@link #speed} divides each of them where it takes effect. Times "after" something count
 * from the opening of a connection, or from the last {@link Middlebox#faults(PathFaults)} for one
 * that was open then.
 *
 * @param speed the divisor of all times, 1 to 1,000,000
 * @param seed of the jitter; the same seed draws the same numbers for the n-th connection
 * @param idle the fate of an idle connection
 * @param stream the fate of an idle HTTP/2 stream
 * @param answersPings the hop answers HTTP/2 PINGs itself, in both directions, and forwards none
 * @param link latency, jitter and bandwidth
 * @param stall windows in which nothing passes
 * @param loss one direction loses everything from a time on
 * @param halfOpenAfter after this long the server's side is reset and the client is not notified
 * @param cut both sides are reset in the middle of the bytes
 * @param goAway a GOAWAY from the hop
 */
public record PathFaults(
    double speed,
    long seed,
    Optional<IdleTimeout> idle,
    Optional<StreamTimeout> stream,
    boolean answersPings,
    LinkProperties link,
    Optional<Stall> stall,
    Optional<Loss> loss,
    Optional<Duration> halfOpenAfter,
    Optional<Cut> cut,
    Optional<GoAwayFault> goAway) {
  private static final double MAX_SPEED = 1_000_000;

  @Limit(of = "every time of a fault", then = "a longer one is refused")
  private static final Duration MAX_DURATION = Duration.ofDays(365);

  /** A perfect path, without any fault. */
  public static final PathFaults NONE = builder().build();

  public PathFaults {
    if (!(speed >= 1 && speed <= MAX_SPEED)) {
      throw new IllegalArgumentException("speed: " + speed + " (expected: 1 to 1000000)");
    }
    halfOpenAfter.ifPresent(after -> requireTime("halfOpenAfter", after, Duration.ZERO));
  }

  /** The action of a hop on a connection that was idle for too long. */
  public enum IdleAction {
    /** Drops it silently: nothing passes any more, and neither side is notified. */
    DROP,
    /** Drops it, and answers the next packet of either side with a reset. */
    RESET,
    /** Closes it on both sides, with a FIN. */
    CLOSE,
    /** Sends the client a GOAWAY and closes both sides; HTTP/2 without TLS only. */
    GOAWAY
  }

  /** The kind of traffic that restarts the idle time of a connection. */
  public enum CountedTraffic {
    /**
     * Every TCP segment, TCP keepalive probes too, as a NAT or a firewall sees them. Where epoll is
     * missing the same as {@link #BYTES}.
     */
    SEGMENTS,
    /** Bytes only, as for a proxy that ends TCP: keepalive probes stop at it, PINGs do not. */
    BYTES,
    /** HEADERS and DATA of HTTP/2 only: PINGs do not count. */
    HTTP
  }

  /** The way in which a hop ends a stream that was idle for too long. */
  public enum StreamEnd {
    /** RST_STREAM with INTERNAL_ERROR to both sides. */
    RST_STREAM,
    /** GOAWAY to the client, then both sides are closed. */
    GOAWAY
  }

  /**
   * The idle timeout of connections: {@code action} once nothing that is {@code counted} arrived
   * for that long.
   */
  public record IdleTimeout(Duration timeout, IdleAction action, CountedTraffic counted) {
    public IdleTimeout {
      requireTime("idle.timeout", timeout, Duration.ofMillis(1));
      if (action == IdleAction.GOAWAY && counted != CountedTraffic.HTTP) {
        throw new IllegalArgumentException(
            "idle.action: GOAWAY (expected: DROP, RESET or CLOSE where HTTP is not counted)");
      }
    }
  }

  /** The idle timeout of streams without DATA in either direction. */
  public record StreamTimeout(Duration timeout, StreamEnd end) {
    public StreamTimeout {
      requireTime("stream.timeout", timeout, Duration.ofMillis(1));
    }
  }

  /**
   * The properties of the link.
   *
   * @param latency one way
   * @param jitter at most so much more, evenly distributed; the order of bytes stays
   * @param bytesPerSecond each way; 0 for no limit
   */
  public record LinkProperties(Duration latency, Duration jitter, long bytesPerSecond) {
    /** A link without delay, jitter or bandwidth limit. */
    public static final LinkProperties PERFECT =
        new LinkProperties(Duration.ZERO, Duration.ZERO, 0);

    public LinkProperties {
      requireTime("link.latency", latency, Duration.ZERO);
      requireTime("link.jitter", jitter, Duration.ZERO);
      if (bytesPerSecond < 0) {
        throw new IllegalArgumentException(
            "link.bytesPerSecond: " + bytesPerSecond + " (expected: >= 0)");
      }
    }
  }

  /**
   * A fault of stall windows, in which nothing passes in either direction; bytes that arrive
   * meanwhile are delivered afterwards.
   *
   * @param after begin of the first
   * @param length of each
   * @param every from one begin to the next; zero for a single window
   */
  public record Stall(Duration after, Duration length, Duration every) {
    public Stall {
      requireTime("stall.after", after, Duration.ZERO);
      requireTime("stall.length", length, Duration.ofMillis(1));
      requireTime("stall.every", every, Duration.ZERO);
      if (!every.isZero() && every.compareTo(length) <= 0) {
        throw new IllegalArgumentException(
            "stall.every: " + every + " (expected: 0, or longer than length " + length + ")");
      }
    }
  }

  /** A fault in which one direction loses everything, acknowledgements too, from a time on. */
  public record Loss(RelayDirection direction, Duration after) {
    public Loss {
      requireTime("loss.after", after, Duration.ZERO);
    }
  }

  /** A fault that resets both sides once that many bytes have passed in a direction. */
  public record Cut(RelayDirection direction, long atByte) {
    public Cut {
      if (atByte < 0) {
        throw new IllegalArgumentException("cut.atByte: " + atByte + " (expected: >= 0)");
      }
    }
  }

  /**
   * A GOAWAY to the client with the number of its last stream; what is open may end.
   *
   * @param after since the opening
   * @param errorCode of HTTP/2: 0 NO_ERROR, 11 ENHANCE_YOUR_CALM ..
   * @param debug its debug text, ASCII
   */
  public record GoAwayFault(Duration after, int errorCode, String debug) {
    @Limit(of = "characters of an injected GOAWAY's text", then = "a longer one is refused")
    private static final int MAX_DEBUG_CHARS = 1_000;

    public GoAwayFault {
      requireTime("goAway.after", after, Duration.ZERO);
      if (errorCode < 0 || errorCode > 0xd) {
        throw new IllegalArgumentException("goAway.errorCode: " + errorCode + " (expected: 0..13)");
      }
      if (debug.length() > MAX_DEBUG_CHARS) {
        throw new IllegalArgumentException(
            "goAway.debug: " + debug.length() + " chars (expected: <= " + MAX_DEBUG_CHARS + ")");
      }
    }
  }

  /**
   * The faults of a known kind of path, with its own numbers; see {@link PathProfile}.
   *
   * <p>A hop that inspects requests terminates TCP and HTTP/2, so it answers PINGs itself. If it
   * ends streams and connections after different times, the faults have both.
   */
  public static PathFaults of(PathProfile profile) {
    Builder faults = builder();
    if (profile.idleTimeout().isEmpty()) {
      return faults.build();
    }
    Duration timeout = profile.idleTimeout().get();
    boolean requests = profile.layer() == PathProfile.Layer.REQUESTS;
    CountedTraffic countedTraffic = requests ? CountedTraffic.HTTP : CountedTraffic.SEGMENTS;
    faults.answersPings(requests);
    if (profile == PathProfile.ALB) {
      return faults.idle(timeout, IdleAction.GOAWAY, countedTraffic).build();
    }
    if (profile.connectionIdleTimeout().isEmpty()) {
      expire(faults, timeout, profile.expiry(), countedTraffic);
    } else {
      faults.streamTimeout(timeout, StreamEnd.RST_STREAM);
      PathProfile.ConnectionIdleTimeout whole = profile.connectionIdleTimeout().get();
      expire(faults, whole.idleTimeout(), whole.expiry(), countedTraffic);
    }
    return faults.build();
  }

  private static void expire(
      Builder faults, Duration timeout, PathProfile.Expiry expiry, CountedTraffic countedTraffic) {
    switch (expiry) {
      case SILENT_DROP -> faults.idle(timeout, IdleAction.DROP, countedTraffic);
      case RESET -> faults.idle(timeout, IdleAction.RESET, countedTraffic);
      case CLOSE -> faults.idle(timeout, IdleAction.CLOSE, countedTraffic);
      case GOAWAY -> faults.idle(timeout, IdleAction.GOAWAY, countedTraffic);
      case STREAM_ERROR -> faults.streamTimeout(timeout, StreamEnd.RST_STREAM);
      case NOTHING -> {
        // a path that keeps everything
      }
    }
  }

  /** A time of the real path as it passes here, in nanoseconds. */
  long scaledNanos(Duration time) {
    return (long) (time.toNanos() / speed);
  }

  /** The same faults at another speed. */
  public PathFaults atSpeed(double value) {
    return toBuilder().speed(value).build();
  }

  /** A builder that begins with these. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** A builder that begins with a perfect path. */
  public static Builder builder() {
    return new Builder();
  }

  private static void requireTime(String name, Duration value, Duration min) {
    if (value.compareTo(min) < 0 || value.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + min + " to " + MAX_DURATION + ")");
    }
  }

  /** A builder of faults. When a fault is set twice, the last value wins. Not thread-safe. */
  public static final class Builder {
    private double speed = 1;
    private long seed = 1;
    private Optional<IdleTimeout> idleTimeout = Optional.empty();
    private Optional<StreamTimeout> streamTimeout = Optional.empty();
    private boolean answersPings;
    private LinkProperties linkProperties = LinkProperties.PERFECT;
    private Optional<Stall> stall = Optional.empty();
    private Optional<Loss> loss = Optional.empty();
    private Optional<Duration> halfOpenAfter = Optional.empty();
    private Optional<Cut> cut = Optional.empty();
    private Optional<GoAwayFault> goAwayFault = Optional.empty();

    private Builder() {}

    private Builder(PathFaults from) {
      speed = from.speed;
      seed = from.seed;
      idleTimeout = from.idle;
      streamTimeout = from.stream;
      answersPings = from.answersPings;
      linkProperties = from.link;
      stall = from.stall;
      loss = from.loss;
      halfOpenAfter = from.halfOpenAfter;
      cut = from.cut;
      goAwayFault = from.goAway;
    }

    /** By what all times are divided; 1 by default. */
    public Builder speed(double value) {
      speed = value;
      return this;
    }

    /** Of the jitter; 1 by default. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** A NAT, firewall or load balancer of layer 4: every segment counts. */
    public Builder idle(Duration timeout, IdleAction action) {
      return idle(timeout, action, CountedTraffic.SEGMENTS);
    }

    public Builder idle(Duration timeout, IdleAction action, CountedTraffic countedTraffic) {
      idleTimeout = Optional.of(new IdleTimeout(timeout, action, countedTraffic));
      return this;
    }

    public Builder streamTimeout(Duration timeout, StreamEnd end) {
      streamTimeout = Optional.of(new StreamTimeout(timeout, end));
      return this;
    }

    public Builder answersPings(boolean value) {
      answersPings = value;
      return this;
    }

    public Builder latency(Duration latency, Duration jitter) {
      linkProperties = new LinkProperties(latency, jitter, linkProperties.bytesPerSecond());
      return this;
    }

    public Builder bytesPerSecond(long value) {
      linkProperties = new LinkProperties(linkProperties.latency(), linkProperties.jitter(), value);
      return this;
    }

    public Builder stall(Duration after, Duration length, Duration every) {
      stall = Optional.of(new Stall(after, length, every));
      return this;
    }

    public Builder loss(RelayDirection direction, Duration after) {
      loss = Optional.of(new Loss(direction, after));
      return this;
    }

    public Builder halfOpenAfter(Duration after) {
      halfOpenAfter = Optional.of(after);
      return this;
    }

    public Builder cut(RelayDirection direction, long atByte) {
      cut = Optional.of(new Cut(direction, atByte));
      return this;
    }

    public Builder goAway(Duration after, int errorCode, String debug) {
      goAwayFault = Optional.of(new GoAwayFault(after, errorCode, debug));
      return this;
    }

    /**
     * Creates the faults from the values set.
     *
     * @throws IllegalArgumentException naming the value and what was expected
     */
    public PathFaults build() {
      return new PathFaults(
          speed,
          seed,
          idleTimeout,
          streamTimeout,
          answersPings,
          linkProperties,
          stall,
          loss,
          halfOpenAfter,
          cut,
          goAwayFault);
    }
  }
}
