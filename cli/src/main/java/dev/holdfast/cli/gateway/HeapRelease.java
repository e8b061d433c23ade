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
 * last of it have, whom the first still met. More follow, ever more seldom, as long as the heap is
 * large.
 */
final class HeapRelease implements AutoCloseable {
  /** A crowd is whoever has had the gateway hold so much. */
  static final long CROWD_BYTES = 32L << 20;

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int LEFT = 4;

  /** So many looks after the first collection is the second. */
  static final int SETTLED_LOOKS = 10;

  /** So many looks are at most between two later ones, at first twice as many each time. */
  static final int MOST_LOOKS = 600;

  /** A heap of so much may have more to give back: that of a gateway without clients is half. */
  static final long LARGE_BYTES = 128L << 20;

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("heap-release", true));
  private long mostBytes;
  private int looksLeft;
  private int pauseLooks;

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
    if (isDue(GatewayMemory.ofProcess().leasedBytes(), Runtime.getRuntime().totalMemory())) {
      System.gc();
    }
  }

  /**
   * Whether a collection is due at this look, now that so much is held, and the heap is so long.
   */
  boolean isDue(long heldBytes, long heapBytes) {
    mostBytes = Math.max(mostBytes, heldBytes);
    if (mostBytes >= CROWD_BYTES && heldBytes <= mostBytes / LEFT) {
      mostBytes = heldBytes;
      pauseLooks = SETTLED_LOOKS;
      looksLeft = SETTLED_LOOKS;
      return true;
    }
    if (looksLeft == 0 || --looksLeft > 0) {
      return false;
    }
    if (pauseLooks > SETTLED_LOOKS && heapBytes <= LARGE_BYTES) {
      return false;
    }
    pauseLooks = Math.min(MOST_LOOKS, 2 * pauseLooks);
    looksLeft = pauseLooks;
    return true;
  }
}
