package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.OpenLoopLoad;
import io.grpc.Channel;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The steady calls, without retries, over some connections while servers come and go. A failure is
 * unsafe if its call was in flight when a server was killed, for then it may have taken effect;
 * every other failure is plain. Thread-safe.
 */
final class RollTraffic implements OpenLoopLoad.AnswerListener, AutoCloseable {
  private static final long POLL_MILLIS = 5;
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int MOST_SLOW = 1_000;

  private final List<OpenLoopLoad> lanes = new ArrayList<>();
  private final Set<String> heard = ConcurrentHashMap.newKeySet();
  private final BlockingQueue<SlowCall> slow = new LinkedBlockingQueue<>(MOST_SLOW);
  private final AtomicLong unsafe = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private volatile long killBegan;
  private volatile long killEnded;
  private volatile boolean killed;

  /** A call that waited for long, in times of {@link System#nanoTime}. */
  record SlowCall(long sentNanos, long answeredNanos) {
    double millis() {
      return (answeredNanos - sentNanos) / 1e6;
    }
  }

  /**
   * @param channels each gets an even share of the calls
   */
  RollTraffic(List<? extends Channel> channels, int callsPerSecond, Duration deadline) {
    int each = Math.max(1, callsPerSecond / Math.max(1, channels.size()));
    channels.forEach(channel -> lanes.add(new OpenLoopLoad(channel, each, deadline, this)));
  }

  RollTraffic start() {
    lanes.forEach(OpenLoopLoad::start);
    return this;
  }

  /** A server will be killed. */
  void killBegins() {
    killBegan = System.nanoTime();
    killEnded = Long.MAX_VALUE;
    killed = true;
  }

  /**
   * Records that the killed server is gone. Calls that begin after this can't have been in flight
   * to it.
   */
  void killEnds() {
    killEnded = System.nanoTime();
  }

  /**
   * Waits until an instance has answered a call sent from now on.
   *
   * @return whether it has
   */
  boolean awaitAnswerOf(String instance, Duration patience) throws InterruptedException {
    heard.remove(instance);
    long end = System.nanoTime() + patience.toNanos();
    while (!heard.contains(instance) && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return heard.contains(instance);
  }

  long calls() {
    return lanes.stream().mapToLong(OpenLoopLoad::issued).sum();
  }

  long failed() {
    return failed.get();
  }

  long unsafe() {
    return unsafe.get();
  }

  /** Calls that ended in nothing, after {@link #stop}. */
  long unaccounted() {
    return lanes.stream().mapToLong(OpenLoopLoad::unaccounted).sum();
  }

  double longestMillis() {
    return lanes.stream().mapToLong(OpenLoopLoad::longestNanos).max().orElse(0) / 1e6;
  }

  /** Resets the record of slow calls, so that those of cold JVMs do not count. */
  void resetLongest() {
    lanes.forEach(OpenLoopLoad::resetLongest);
    slow.clear();
  }

  /** Calls of more than 200 ms that ended since this was asked last, a thousand at most. */
  List<SlowCall> slowCalls() {
    List<SlowCall> seen = new ArrayList<>();
    slow.drainTo(seen);
    return seen;
  }

  /** The number of failures by status code and text, including the unsafe ones. */
  Map<String, Long> failures() {
    Map<String, Long> sum = new TreeMap<>();
    lanes.forEach(
        lane -> lane.failures().forEach((text, count) -> sum.merge(text, count, Long::sum)));
    return sum;
  }

  void stop() throws InterruptedException {
    for (OpenLoopLoad lane : lanes) {
      lane.stop();
    }
  }

  @Override
  public void onAnswer(String instance, long sentNanos, long answeredNanos) {
    heard.add(instance);
    if (answeredNanos - sentNanos > SLOW_NANOS) {
      // What has no room is one of a thousand that waited for the same.
      var unused = slow.offer(new SlowCall(sentNanos, answeredNanos));
    }
  }

  @Override
  public void onFailure(Status status, long sentNanos) {
    boolean mayBeDone =
        killed
            && System.nanoTime() - killBegan > 0
            && (killEnded == Long.MAX_VALUE || sentNanos - killEnded < 0);
    (mayBeDone ? unsafe : failed).incrementAndGet();
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }
}
