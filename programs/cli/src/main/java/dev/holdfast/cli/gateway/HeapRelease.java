package dev.holdfast.cli.gateway;

import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.limits.GatewayMemory;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The release of unused memory after many clients have left. The gateway's collector shrinks the
 * heap only in a full collection, and an idle gateway has none. Each such wave of departures
 * triggers two collections: one when most clients have left, and one when the last have. Another
 * follows when the old generation has grown by other work, such as large bodies that were
 * translated, and that work has ended. The pause of a collection depends on the objects that
 * remain. Before each collection the event loops give up their cached buffers; afterwards glibc
 * gives up its free memory.
 */
final class HeapRelease implements AutoCloseable {
  /** The peak of used memory from which a later decrease is worth a collection. */
  static final long PEAK_BYTES = 32L << 20;

  /** Growth of the old generation since the last collection that one is worth. */
  static final long GROWTH_BYTES = 16L << 20;

  private static final Logger log = LoggerFactory.getLogger(HeapRelease.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int LEFT = 4;

  /** The number of polls from the first collection to the second. */
  static final int SETTLED_POLLS = 10;

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("heap-release", true));
  private final List<MemoryPoolMXBean> old;
  private long mostBytes;
  private int pollsLeft;
  private long collectedBytes = Long.MAX_VALUE;
  private long lastBytes;
  private int steadyPolls;

  /** Threads give up what they keep; the collection follows at the next poll, when they have. */
  private boolean cachesReleased;

  HeapRelease() {
    // Only pools into which objects are promoted have a threshold.
    old =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.isUsageThresholdSupported())
            .toList();
  }

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
    boolean left = isDue(GatewayMemory.ofProcess().leasedBytes());
    boolean grown = hasGrown(oldBytes());
    if (cachesReleased) {
      System.gc();
      collected(oldBytes());
      log.debug("event=heap_released native=\"{}\"", trimNativeHeap());
    }
    cachesReleased = left || grown;
    if (cachesReleased) {
      Gateway.releaseSpareMemory();
    }
  }

  /** Has glibc give back what it keeps of others' memory, as of compilers; says what came of it. */
  static String trimNativeHeap() {
    try {
      ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
      Object said =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(commands, "systemTrimNativeHeap", new Object[0], new String[0]);
      return String.valueOf(said).strip();
    } catch (JMException e) {
      // A JVM that has no such command.
      return "not possible: " + e.getMessage();
    }
  }

  private long oldBytes() {
    return old.stream().mapToLong(pool -> pool.getUsage().getUsed()).sum();
  }

  /** Whether a collection is due at this poll, with the memory that is now held. */
  boolean isDue(long heldBytes) {
    mostBytes = Math.max(mostBytes, heldBytes);
    if (mostBytes < PEAK_BYTES || heldBytes > mostBytes / LEFT) {
      return pollsLeft > 0 && --pollsLeft == 0;
    }
    mostBytes = heldBytes;
    pollsLeft = SETTLED_POLLS;
    return true;
  }

  /** Whether the old generation is much larger than after a collection, and grows no more. */
  boolean hasGrown(long oldBytes) {
    collectedBytes = Math.min(collectedBytes, oldBytes);
    steadyPolls = oldBytes == lastBytes ? steadyPolls + 1 : 0;
    lastBytes = oldBytes;
    return steadyPolls == SETTLED_POLLS && oldBytes - collectedBytes >= GROWTH_BYTES;
  }

  /** A collection has left so much in the old generation. */
  void collected(long oldBytes) {
    collectedBytes = oldBytes;
    lastBytes = oldBytes;
    steadyPolls = 0;
  }
}
