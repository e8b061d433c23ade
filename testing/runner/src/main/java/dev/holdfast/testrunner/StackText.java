package dev.holdfast.testrunner;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** The text of an exception: its stack, its causes and what it suppressed. */
final class StackText {
  private final StringBuilder text = new StringBuilder();

  /** Exceptions may be each other's causes. */
  private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private StackText() {}

  static String of(Throwable thrown) {
    StackText stack = new StackText();
    stack.append("", thrown);
    return stack.text.toString();
  }

  private void append(String label, Throwable thrown) {
    text.append(label).append(thrown).append('\n');
    if (!seen.add(thrown)) {
      return;
    }
    for (StackTraceElement element : thrown.getStackTrace()) {
      text.append("\tat ").append(element).append('\n');
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      append("Suppressed: ", suppressed);
    }
    Throwable cause = thrown.getCause();
    if (cause != null) {
      append("Caused by: ", cause);
    }
  }
}
