package dev.holdfast.core.discovery;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** For tests that delete a directory of lists: its writer works on a thread of its own. */
public final class SnapshotWriterBarrier {
  private static final long PATIENCE_SECONDS = 60;

  private SnapshotWriterBarrier() {}

  /** Waits until all is written that a scheduler has handed over so far. */
  public static void awaitIdle() throws Exception {
    CompletableFuture.runAsync(() -> {}, EndpointSnapshotFile.SnapshotWriterThread.THREAD)
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
