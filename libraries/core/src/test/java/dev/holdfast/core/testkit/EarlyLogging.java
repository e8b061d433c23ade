package dev.holdfast.core.testkit;

import org.junit.jupiter.api.extension.Extension;
import org.slf4j.LoggerFactory;

/**
 * Lets logging begin before the first test: a test that asks for its logger while another thread
 * begins it gets a substitute, which hears of nothing. JUnit finds it by its service file.
 */
public final class EarlyLogging implements Extension {
  /** Returns when logging has begun. */
  public EarlyLogging() {
    var unused = LoggerFactory.getILoggerFactory();
  }
}
