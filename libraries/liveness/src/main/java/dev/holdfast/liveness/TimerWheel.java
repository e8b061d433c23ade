package dev.holdfast.liveness;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The timer wheel of one event loop: one scheduled task serves the timers of all watched
 * connections.
 *
 * <p>A task per connection would be expensive: 15,000 entries in a priority queue, each rescheduled
 * with every sign of life. A timer stays in its slot when its deadline moves on, fires early, and
 * is then put into the right slot. While the machine sleeps the wheel's time stands still, so
 * timers may be hours late for the peer. When a clock shows a sleep, the wheel fires all timers at
 * once. Confined to its event loop.
 */
final class TimerWheel implements Runnable {
  /** Timers fire at most this late. */
  static final long TICK_NANOS = Duration.ofMillis(20).toNanos();

  /** About 20 s; a timer that is farther away is looked at once per turn. */
  static final int SLOTS = 1_024;

  /** The interval at which a machine sleep is noticed after waking. */
  static final long CHECK_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  private static final ConcurrentHashMap<EventLoop, TimerWheel> WHEELS = new ConcurrentHashMap<>();

  /** A timer of one connection; a subclass says what it does, as a task would be an object more. */
  abstract static class Timer {
    /** The next timer in the slot; null while the timer is not set. */
    private @Nullable Timer next;

    private @Nullable Timer previous;
    private long tick;

    /** Called when the timer is due, or earlier. */
    abstract void fire();

    private boolean isSet() {
      return next != null;
    }
  }

  /** The head of a slot's ring. */
  private static final class Head extends Timer {
    @Override
    void fire() {
      throw new IllegalStateException("the head of a slot is never due");
    }
  }

  private final EventLoop loop;
  private final Timer[] slots = new Timer[SLOTS];
  private final long originNanos = System.nanoTime();

  /** When the machine last woke, by each clock that is asked: one, but for tests. */
  private final Map<SleepDetector, Long> woke = new HashMap<>();

  private long doneTick;
  private long wakeTick;
  private @Nullable Future<?> wake;
  private int size;

  private TimerWheel(EventLoop loop) {
    this.loop = loop;
    for (int i = 0; i < SLOTS; i++) {
      slots[i] = newHead();
    }
  }

  /** The wheel of this loop. */
  static TimerWheel of(EventLoop loop) {
    return WHEELS.computeIfAbsent(
        loop,
        created -> {
          created.terminationFuture().addListener(ended -> WHEELS.remove(created));
          return new TimerWheel(created);
        });
  }

  /** Makes a sleep that this clock shows fire all timers. */
  void follow(SleepDetector clock) {
    if (!woke.containsKey(clock)) {
      woke.put(clock, clock.wokeNanos(System.nanoTime()));
    }
  }

  /** The number of timers that are set. */
  int size() {
    return size;
  }

  /** Fires the timer at this time at the latest, but for the tick; earlier is possible. */
  void fireBy(Timer timer, long deadlineNanos) {
    long tick = Math.max(doneTick + 1, tickOf(deadlineNanos - originNanos + TICK_NANOS - 1));
    if (timer.isSet() && timer.tick <= tick) {
      return;
    }
    cancel(timer);
    timer.tick = Math.min(tick, Math.max(doneTick, tickNow()) + SLOTS - 1);
    link(slots[(int) (timer.tick % SLOTS)], timer);
    size++;
    if (wake == null || timer.tick < wakeTick) {
      wakeAt(
          Math.min(timer.tick, Math.max(doneTick, tickNow()) + CHECK_INTERVAL_NANOS / TICK_NANOS));
    }
  }

  void cancel(Timer timer) {
    if (timer.isSet()) {
      unlink(timer);
      size--;
    }
  }

  @Override
  public void run() {
    wake = null;
    if (hasSlept()) {
      fireAll();
    }
    long nowTick = tickNow();
    long fromTick = Math.max(doneTick + 1, nowTick - SLOTS + 1);
    for (long tick = fromTick; tick <= nowTick; tick++) {
      doneTick = tick;
      fire(slots[(int) (tick % SLOTS)], nowTick);
    }
    doneTick = nowTick;
    if (size > 0 && wake == null) {
      wakeAt(Math.min(nextTick(), doneTick + CHECK_INTERVAL_NANOS / TICK_NANOS));
    }
  }

  private boolean hasSlept() {
    long nowNanos = System.nanoTime();
    boolean slept = false;
    for (Map.Entry<SleepDetector, Long> clock : woke.entrySet()) {
      long wokeNanos = clock.getKey().wokeNanos(nowNanos);
      slept |= wokeNanos != clock.getValue();
      clock.setValue(wokeNanos);
    }
    return slept;
  }

  private void fireAll() {
    Timer all = newHead();
    for (Timer slot : slots) {
      moveAll(slot, all);
    }
    for (Timer timer = all.next; timer != null && timer != all; timer = all.next) {
      unlink(timer);
      size--;
      timer.fire();
    }
  }

  /** Taken off first, since a task may set or cancel any timer, its own neighbours included. */
  private void fire(Timer slot, long nowTick) {
    Timer due = newHead();
    moveAll(slot, due);
    for (Timer timer = due.next; timer != null && timer != due; timer = due.next) {
      unlink(timer);
      if (timer.tick <= nowTick) {
        size--;
        timer.fire();
      } else {
        link(slot, timer);
      }
    }
  }

  private static void moveAll(Timer from, Timer to) {
    for (Timer timer = from.next; timer != null && timer != from; timer = from.next) {
      unlink(timer);
      link(to, timer);
    }
  }

  private static Timer newHead() {
    Timer head = new Head();
    head.next = head;
    head.previous = head;
    return head;
  }

  private long nextTick() {
    for (long tick = doneTick + 1; tick < doneTick + SLOTS; tick++) {
      Timer head = slots[(int) (tick % SLOTS)];
      if (head.next != head) {
        return tick;
      }
    }
    return doneTick + SLOTS;
  }

  private void wakeAt(long tick) {
    if (wake != null) {
      wake.cancel(false);
    }
    wakeTick = tick;
    long delayNanos = tick * TICK_NANOS - (System.nanoTime() - originNanos);
    wake = loop.schedule(this, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
  }

  private long tickNow() {
    return tickOf(System.nanoTime() - originNanos);
  }

  private static long tickOf(long nanos) {
    return Math.floorDiv(nanos, TICK_NANOS);
  }

  private static void link(Timer head, Timer timer) {
    Timer last = head.previous;
    timer.previous = last;
    timer.next = head;
    head.previous = timer;
    if (last != null) {
      last.next = timer;
    }
  }

  private static void unlink(Timer timer) {
    if (timer.previous != null && timer.next != null) {
      timer.previous.next = timer.next;
      timer.next.previous = timer.previous;
    }
    timer.previous = null;
    timer.next = null;
  }
}
