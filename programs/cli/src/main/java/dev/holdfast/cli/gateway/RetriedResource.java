package dev.holdfast.cli.gateway;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
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
final class RetriedResource<T extends AutoCloseable> implements AutoCloseable {
  @Limit(
      of =
          "time until a gateway that took another's place tries again to open its admin page, its"
              + " address of metrics or its handover socket",
      then = "it tries again, and serves calls meanwhile")
  static final Duration RETRY_INTERVAL = Duration.ofSeconds(2);

  private static final Logger log = LoggerFactory.getLogger(RetriedResource.class);

  private final String name;
  private final ResourceOpener<T> resourceOpener;
  private final Scheduler scheduler;
  private @Nullable T open;
  private @Nullable Subscription timer;
  private boolean failureLogged;
  private boolean closed;

  /** Opens it, or says why it can't be opened now. */
  interface ResourceOpener<T> {
    T open() throws IOException;
  }

  private RetriedResource(String name, ResourceOpener<T> resourceOpener, Scheduler scheduler) {
    this.name = name;
    this.resourceOpener = resourceOpener;
    this.scheduler = scheduler;
  }

  /**
   * Tries to open the resource now.
   *
   * @param orLater whether a failure leads to retries; then the log has the first failure and the
   *     success
   * @throws IOException when the resource can't be opened and {@code orLater} is false
   */
  static <T extends AutoCloseable> RetriedResource<T> open(
      String name, ResourceOpener<T> resourceOpener, Scheduler scheduler, boolean orLater)
      throws IOException {
    RetriedResource<T> retriedResource = new RetriedResource<>(name, resourceOpener, scheduler);
    if (orLater) {
      retriedResource.attempt();
    } else {
      retriedResource.open = resourceOpener.open();
    }
    return retriedResource;
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
      open = resourceOpener.open();
      if (failureLogged) {
        log.info("event={}_available", name);
      }
    } catch (IOException e) {
      if (!failureLogged) {
        failureLogged = true;
        log.warn(
            "event={}_unavailable gateway=serves_and_tries_again every={} cause=\"{}\"",
            name,
            DurationText.format(RETRY_INTERVAL),
            e.getMessage());
      }
      timer = scheduler.schedule(RETRY_INTERVAL, this::attempt);
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
