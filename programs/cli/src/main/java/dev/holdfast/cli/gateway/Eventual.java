package dev.holdfast.cli.gateway;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.Limit;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resource beside a gateway's listeners that opens now or is retried until it opens. Calls are
 * served meanwhile. Thread-safe.
 */
final class Eventual<T extends AutoCloseable> implements AutoCloseable {
  @Limit(
      of =
          "time until a gateway that took another's place tries again to open its admin page or"
              + " handover socket",
      then = "it tries again, and serves calls meanwhile")
  static final Duration AGAIN = Duration.ofSeconds(2);

  private static final Logger log = LoggerFactory.getLogger(Eventual.class);

  private final String name;
  private final Opener<T> opener;
  private final Scheduler scheduler;
  private @Nullable T open;
  private @Nullable Subscription timer;
  private boolean troubled;
  private boolean closed;

  /** Opens it, or says why it can't be opened now. */
  interface Opener<T> {
    T open() throws IOException;
  }

  private Eventual(String name, Opener<T> opener, Scheduler scheduler) {
    this.name = name;
    this.opener = opener;
    this.scheduler = scheduler;
  }

  /**
   * Tries to open the resource now.
   *
   * @param orLater whether a failure leads to retries; then the log has the first failure and the
   *     success
   * @throws IOException when the resource can't be opened and {@code orLater} is false
   */
  static <T extends AutoCloseable> Eventual<T> open(
      String name, Opener<T> opener, Scheduler scheduler, boolean orLater) throws IOException {
    Eventual<T> eventual = new Eventual<>(name, opener, scheduler);
    if (orLater) {
      eventual.attempt();
    } else {
      eventual.open = opener.open();
    }
    return eventual;
  }

  /** The opened resource; empty until it could be opened. */
  synchronized Optional<T> opened() {
    return Optional.ofNullable(open);
  }

  private synchronized void attempt() {
    if (closed) {
      return;
    }
    try {
      open = opener.open();
      if (troubled) {
        log.info("event={}_available", name);
      }
    } catch (IOException e) {
      if (!troubled) {
        troubled = true;
        log.warn(
            "event={}_unavailable gateway=serves_and_tries_again every={} cause=\"{}\"",
            name,
            DurationText.format(AGAIN),
            e.getMessage());
      }
      timer = scheduler.schedule(AGAIN, this::attempt);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (timer != null) {
      timer.close();
    }
    if (open != null) {
      try {
        open.close();
      } catch (Exception e) {
        throw new IllegalStateException(name + ": " + e.getMessage(), e);
      }
    }
  }
}
