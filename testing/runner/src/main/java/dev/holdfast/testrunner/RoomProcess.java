package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A JVM that tests a room. */
interface RoomProcess {
  /** Whether the JVM ended within the limit. */
  boolean waitFor(Duration limit) throws InterruptedException;

  /** The exit code of a JVM that ended. */
  int exitCode();

  /** Ends the JVM and all programs that it started; its threads' stacks are in its log. */
  void kill() throws InterruptedException;

  /** The starter of a room's JVM; tests have one that starts none. */
  interface Starter {
    RoomProcess start(RoomCommand command, Path log) throws IOException;
  }
}
