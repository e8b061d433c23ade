package dev.holdfast.core.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets conditions that a test waits for take as long as a busy machine needs, in every room that
 * has this test kit: JUnit finds it by its service file.
 */
public final class LongAwaitTimeout implements BeforeAllCallback {
  /** Shorter than the limit of a test, so that the condition is named. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultTimeout(PATIENCE);
  }
}
