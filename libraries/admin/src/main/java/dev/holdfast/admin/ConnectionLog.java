package dev.holdfast.admin;

import dev.holdfast.core.Clock;
import dev.holdfast.core.CloseReason;
import dev.holdfast.core.annotation.Limit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The open connections of a process, and a ring of those that have ended.
 *
 * <p>An event loop pays one map entry for the begin of a connection and one for its end. Readers
 * iterate over the map and hold up no writer. Thread-safe.
 */
public final class ConnectionLog {
  @Limit(
      of = "open connections that the admin service lists",
      then = "further ones are counted and not listed")
  static final int MAX_OPEN = 100_000;

  @Limit(of = "closed connections that the admin service keeps", then = "the oldest is dropped")
  static final int MAX_CLOSED = 1_000;

  private static final String HTTP2 = "h2";

  private final Clock clock;
  private final int maxOpen;
  private final Map<Long, Tracked> open = new ConcurrentHashMap<>();
  private final AtomicLong listed = new AtomicLong();
  private final AtomicLong unlisted = new AtomicLong();
  private final AtomicLong ids = new AtomicLong();
  private final RecentRows<ConnectionRow> closed = new RecentRows<>(MAX_CLOSED);

  ConnectionLog(Clock clock) {
    this(clock, MAX_OPEN);
  }

  ConnectionLog(Clock clock, int maxOpen) {
    this.clock = clock;
    this.maxOpen = maxOpen;
  }

  /**
   * The two ends of a connection.
   *
   * @param server whether this process is the server
   * @param service the service that a client's channel calls; "" at a server
   * @param protocol such as {@code h2}
   */
  public record Ends(boolean server, String service, String peer, String local, String protocol) {
    /** The ends of an HTTP/2 connection. */
    public Ends(boolean server, String service, String peer, String local) {
      this(server, service, peer, local, HTTP2);
    }
  }

  /**
   * Records a connection that begins.
   *
   * @param suspect whether the peer is suspected to be gone; asked by readers, from any thread
   */
  public Tracked opened(Ends ends, BooleanSupplier suspect) {
    Tracked connection = new Tracked(ids.incrementAndGet(), ends, suspect);
    if (listed.incrementAndGet() <= maxOpen) {
      open.put(connection.id, connection);
    } else {
      listed.decrementAndGet();
      unlisted.incrementAndGet();
    }
    return connection;
  }

  /** The open connections, in no order. */
  List<ConnectionRow> open() {
    long nowNanos = clock.nanoTime();
    return open.values().stream().map(connection -> connection.row(nowNanos)).toList();
  }

  /** The connections that have ended, the oldest first. */
  List<ConnectionRow> closed() {
    return closed.rows();
  }

  long openCount() {
    return listed.get() + unlisted.get();
  }

  long unlistedCount() {
    return unlisted.get();
  }

  long closedCount() {
    return closed.added();
  }

  /** A connection under observation. Thread-safe. */
  public final class Tracked {
    private final long id;
    private final Ends ends;
    private final BooleanSupplier suspect;
    private final long openedMillis = clock.wallTime().toEpochMilli();
    private final long openedNanos = clock.nanoTime();
    private volatile String agent = "";
    private volatile String evidence = "";
    private volatile String protocol;
    private volatile boolean ended;

    private Tracked(long id, Ends ends, BooleanSupplier suspect) {
      this.id = id;
      this.ends = ends;
      this.suspect = suspect;
      this.protocol = ends.protocol();
    }

    /** Records the protocol that the connection was upgraded to. */
    public void upgraded(String to) {
      protocol = to;
    }

    /** Records the user-agent of the peer; the first one counts. */
    public void agent(String userAgent) {
      if (agent.isEmpty()) {
        agent = ShownText.of(userAgent);
      }
    }

    /** Records what kernel and socket said of the end, before {@link #closed}. */
    public void evidence(String text) {
      evidence = ShownText.of(text);
    }

    /** Whether the user-agent of the peer is known. Costs one read. */
    public boolean isAgentKnown() {
      return !agent.isEmpty();
    }

    /** Records the end of the connection; calls after the first change nothing. */
    public void closed(Optional<CloseReason> reason) {
      synchronized (this) {
        if (ended) {
          return;
        }
        ended = true;
      }
      (open.remove(id) == null ? unlisted : listed).decrementAndGet();
      closed.add(
          row(
              clock.nanoTime(),
              new ConnectionRow.ConnectionEnd(clock.wallTime().toEpochMilli(), reason, evidence)));
    }

    private ConnectionRow row(long nowNanos) {
      return row(nowNanos, null);
    }

    private ConnectionRow row(long nowNanos, ConnectionRow.@Nullable ConnectionEnd end) {
      return new ConnectionRow(
          id,
          ends.server(),
          ends.service(),
          ends.peer(),
          ends.local(),
          protocol,
          openedMillis,
          agent,
          end == null && suspect.getAsBoolean(),
          (nowNanos - openedNanos) / 1_000_000,
          end);
    }
  }
}
