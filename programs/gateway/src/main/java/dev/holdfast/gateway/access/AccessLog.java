package dev.holdfast.gateway.access;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.limits.GatewayMeter;
import dev.holdfast.gateway.traffic.CallRecord;
import dev.holdfast.gateway.traffic.CallSink;
import dev.holdfast.gateway.traffic.ConnectionRecord;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access log: a line of JSON for each call that ended, and every minute for each call in
 * progress. Proxied layer-4 connections are logged in the same way. A thread of its own formats and
 * writes the lines, so calls never wait. Thread-safe.
 */
public final class AccessLog implements CallSink, AutoCloseable {
  @Limit(
      of = "lines of the log of calls that wait to be written",
      then = "further ones are lost, counted, and that is said once")
  static final int MAX_WAITING = 16_384;

  @Limit(
      of = "time that a closing log of calls has to write its last lines",
      then = "the rest of them is lost")
  static final Duration LAST_LINES = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(AccessLog.class);
  private static final String NAME = "access-log";
  private static final int BATCH = 1_024;
  private static final int USUAL_LINE_CHARS = 512;
  private static final Duration POLL = Duration.ofMillis(200);

  /** The pause between two batches, which bounds the wake-ups of the writer per second. */
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final BlockingQueue<LogEntry> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final AtomicBoolean behind = new AtomicBoolean();
  private final Counter lostInQueue;
  private final Counter lostOnDisk;
  private final AccessLogFile file;
  private final Thread writer;
  private volatile boolean closed;

  private AccessLog(AccessLogFile file, MeterRegistry meters) {
    this.file = file;
    this.lostInQueue = GatewayMeter.LOG_LOST.counter(meters, "queue");
    this.lostOnDisk = GatewayMeter.LOG_LOST.counter(meters, "disk");
    this.writer = new Thread(this::run, "holdfast-access-log");
    writer.setDaemon(true);
  }

  /**
   * Opens a log that is appended to a file, which is created if missing. The file may be renamed at
   * any time (logrotate): within a second a new one is created.
   *
   * @param path empty for standard output
   * @throws IllegalArgumentException when the file can't be written now; later failures drop lines
   */
  public static AccessLog open(Optional<Path> path, MeterRegistry meters) {
    AccessLogFile file = new AccessLogFile(path.orElse(null), System::nanoTime);
    path.ifPresent(each -> begin(file, each));
    AccessLog opened = new AccessLog(file, meters);
    opened.writer.start();
    return opened;
  }

  private static void begin(AccessLogFile file, Path path) {
    AccessLogPath.require(NAME, path);
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      // To open a pipe waits for its reader; the writer may.
      return;
    }
    try {
      file.look();
    } catch (IOException e) {
      throw AccessLogPath.refused(NAME, path, IoErrorText.of(e));
    }
  }

  /** Wraps a frontend so that its requests are logged as HTTP requests. */
  public Frontend watching(Frontend frontend) {
    return (web, ended) -> {
      LoggedExchange seen = new LoggedExchange(web, this::put);
      return seen.handledBy(frontend.take(seen, ended));
    };
  }

  @Override
  public void onCall(CallRecord call) {
    put(AccessLogEntry.of(call));
  }

  @Override
  public void onConnection(ConnectionRecord connection) {
    put(ConnectionLogEntry.of(connection));
  }

  private void put(LogEntry entry) {
    if (!waiting.offer(entry)) {
      lostInQueue.increment();
      if (behind.compareAndSet(false, true)) {
        log.warn("event=access_log_queue_full waiting={}", MAX_WAITING);
      }
    }
  }

  private void run() {
    List<LogEntry> batch = new ArrayList<>(BATCH);
    try {
      while (!closed || !waiting.isEmpty()) {
        LogEntry first = waiting.poll(POLL.toNanos(), TimeUnit.NANOSECONDS);
        if (first != null) {
          batch.add(first);
          waiting.drainTo(batch, BATCH - 1);
          write(batch);
          batch.clear();
        }
      }
    } catch (InterruptedException e) {
      log.warn("event=access_log_lines_lost lines_lost={}", waiting.size());
    }
    file.close();
  }

  private void write(List<LogEntry> batch) {
    StringBuilder lines = new StringBuilder(batch.size() * USUAL_LINE_CHARS);
    batch.forEach(entry -> lines.append(entry.line()).append('\n'));
    lostOnDisk.increment(file.write(lines.toString().getBytes(StandardCharsets.UTF_8)));
    if (waiting.isEmpty()) {
      behind.set(false);
      if (!closed) {
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  /** Writes the queued lines, for at most {@link #LAST_LINES}, and closes the file. */
  @Override
  public void close() {
    closed = true;
    try {
      writer.join(LAST_LINES.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    writer.interrupt();
  }
}
