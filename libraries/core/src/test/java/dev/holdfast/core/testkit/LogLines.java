package dev.holdfast.core.testkit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What one class says to an operator, at INFO and above, while this is open. */
public final class LogLines implements AutoCloseable {
  private static final Pattern KEY_VALUES =
      Pattern.compile("event=[a-z_]+( [a-z_]+=(\"[^\"]*\"|[^\\s\"]+))*");

  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final @Nullable Thread only;
  private final Logger logger;
  private final Level before;
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          if (event.getLevel().isGreaterOrEqual(Level.INFO) && isHeard()) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
          }
        }
      };

  /** What it says on any thread. */
  public LogLines(Class<?> talker) {
    this(talker, null);
  }

  /** What it says on the calling thread: for virtual time, with other tests beside it. */
  public static LogLines ofThisThread(Class<?> talker) {
    return new LogLines(talker, Thread.currentThread());
  }

  private LogLines(Class<?> talker, @Nullable Thread only) {
    this.only = only;
    logger = logger(talker);
    before = logger.getLevel();
    // A simulation before this test may have silenced it.
    logger.setLevel(Level.DEBUG);
    appender.start();
    logger.addAppender(appender);
  }

  /** While another thread starts the logging, it gives out substitutes. */
  private static Logger logger(Class<?> talker) {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      if (LoggerFactory.getLogger(talker) instanceof Logger ready) {
        return ready;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("no logger of logback after " + START_LIMIT);
      }
      Thread.onSpinWait();
    }
  }

  /** The lines, each with its level in front. */
  public List<String> all() {
    return List.copyOf(lines);
  }

  /** The lines that are not an event followed by key=value pairs, texts in quotes. */
  public List<String> untidy() {
    return lines.stream()
        .filter(line -> !KEY_VALUES.matcher(line.substring(line.indexOf(' ') + 1)).matches())
        .toList();
  }

  private boolean isHeard() {
    return only == null || Thread.currentThread() == only;
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    logger.setLevel(before);
  }
}
