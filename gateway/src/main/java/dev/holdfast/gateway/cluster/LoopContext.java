package dev.holdfast.gateway.cluster;

/** What a cluster has from its event loop: time, chance, timers, and who hears of its endpoints. */
public interface LoopContext {
  /** As {@link System#nanoTime()}. */
  long nanoTime();

  /** A number from 0 inclusive to this exclusive. */
  int random(int bound);

  /** Runs a task on the loop. */
  void after(long nanos, Runnable task);

  /** An endpoint gets no calls for a while; heard on one loop of all. */
  void onEjected(String cluster, Ejection ejection);

  /** An endpoint that was left out gets calls again; heard on one loop of all. */
  void onReturned(String cluster, String address);
}
