package dev.holdfast.bench.run;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resources that a run has started. They are closed in reverse order at the end of the run,
 * when the run fails, and when the JVM is told to stop, so that no process outlives the benchmark.
 *
 * <p>Thread-safe: the shutdown hook may close the scope while the run still goes on.
 */
public final class RunResources implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunResources.class);

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private boolean closed;

  /** A scope that also ends with the JVM. */
  static RunResources untilExit() {
    RunResources runResources = new RunResources();
    Runtime.getRuntime().addShutdownHook(new Thread(runResources::close, "bench-cleanup"));
    return runResources;
  }

  /** Hands something over; it is closed at once when the scope is closed already. */
  public <T extends AutoCloseable> T own(T started) {
    synchronized (this) {
      if (!closed) {
        owned.push(started);
        return started;
      }
    }
    closeOne(started);
    throw new IllegalStateException("the run was stopped");
  }

  /** Whether the run is over. */
  synchronized boolean isClosed() {
    return closed;
  }

  /** Closes everything; what fails to close does not keep the rest open. */
  @Override
  public void close() {
    while (true) {
      AutoCloseable next;
      synchronized (this) {
        closed = true;
        next = owned.poll();
      }
      if (next == null) {
        return;
      }
      closeOne(next);
    }
  }

  private static void closeOne(AutoCloseable owned) {
    try {
      owned.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("event=close_interrupted what={}", owned.getClass().getSimpleName());
    } catch (Exception e) {
      // Whatever one of them throws, the others must be closed.
      log.warn("event=close_failed what={}", owned.getClass().getSimpleName(), e);
    }
  }
}
