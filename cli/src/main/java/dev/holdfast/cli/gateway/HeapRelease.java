package dev.holdfast.cli.gateway;

import dev.holdfast.gateway.limits.GatewayMemory;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Gives the heap back to the system when a crowd of clients has left: the collector of the gateway
 * shrinks the heap in a full collection only, and an idle gateway has none. One collection for each
 * crowd, whose pause is that of what is left.
 */
final class HeapRelease implements AutoCloseable {
  /** A crowd is whoever has had the gateway hold so much. */
  static final long CROWD_BYTES = 32L << 20;

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int LEFT = 4;

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("heap-release", true));
  private long mostBytes;

  private HeapRelease() {}

  /** Watches what the gateways of this process hold. */
  static HeapRelease start() {
    HeapRelease release = new HeapRelease();
    var unused =
        release.thread.scheduleWithFixedDelay(
            release::look, PAUSE.toNanos(), PAUSE.toNanos(), TimeUnit.NANOSECONDS);
    return release;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void look() {
    if (hasLeft(GatewayMemory.ofProcess().leasedBytes())) {
      System.gc();
    }
  }

  /** Whether a crowd has left since the last time that one had, now that so much is held. */
  boolean hasLeft(long heldBytes) {
    mostBytes = Math.max(mostBytes, heldBytes);
    if (mostBytes < CROWD_BYTES || heldBytes > mostBytes / LEFT) {
      return false;
    }
    mostBytes = heldBytes;
    return true;
  }
}
