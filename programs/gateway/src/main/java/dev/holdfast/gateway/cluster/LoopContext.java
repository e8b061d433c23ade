package dev.holdfast.gateway.cluster;

/**
 * The environment of a cluster on an event loop: clock, random source, timers and events. Confined
 * to that loop.
 */
public interface LoopContext {
  /** The same clock as {@link System#nanoTime()}, in nanoseconds. */
  long nanoTime();

  /**
   * Asserts that the caller runs on the event loop: what a loop has is not synchronized.
   *
   * @throws AssertionError on any other thread
   */
  void assertInLoop();

  /** A random number from 0 inclusive to the bound exclusive. */
  int random(int bound);

  /** Schedules a task on the event loop. */
  void after(long nanos, Runnable task);

  /** Reports the ejection of an endpoint; on one event loop only. */
  void onEjected(String cluster, Ejection ejection);

  /** Reports the end of an ejection; on one event loop only. */
  void onUnejected(String cluster, String address);
}
