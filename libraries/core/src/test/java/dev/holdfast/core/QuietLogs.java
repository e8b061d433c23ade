package dev.holdfast.core;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** Silences a class that thousands of schedules would make talk; a replay of one seed may talk. */
public final class QuietLogs {
  private QuietLogs() {}

  public static void of(Class<?> talker) {
    if (Long.getLong("holdfast.seed") == null) {
      ((Logger) LoggerFactory.getLogger(talker)).setLevel(Level.OFF);
    }
  }
}
