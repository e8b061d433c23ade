package dev.holdfast.cli.gateway;

import dev.holdfast.gateway.limits.GatewayMemory;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Gives the heap back to the system when a crowd of clients has left: the collector of the gateway
 * shrinks the heap in a full collection only, and an idle gateway has none. Two collections for
 * each crowd, whose pause is that of what is left: one when most of it has left, and one when the
 * last of it have, whom the first still met.
 */
final class HeapRelease implements AutoCloseable {
  /** A crowd is whoever has had the gateway hold so much. */
  static final long CROWD_BYTES = 32L << 20;

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int LEFT = 4;

  /** So many looks after the first collection is the second. */
  static final int SETTLED_LOOKS = 10;

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("heap-release", true));
  private long mostBytes;
  private int looksLeft;

  HeapRelease() {}

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
    if (isDue(GatewayMemory.ofProcess().leasedBytes())) {
      System.gc();
    }
  }

  /** Whether a collection is due at this look, now that so much is held. */
  boolean isDue(long heldBytes) {
    mostBytes = Math.max(mostBytes, heldBytes);
    if (mostBytes < CROWD_BYTES || heldBytes > mostBytes / LEFT) {
      return looksLeft > 0 && --looksLeft == 0;
    }
    mostBytes = heldBytes;
    looksLeft = SETTLED_LOOKS;
    return true;
  }
}
