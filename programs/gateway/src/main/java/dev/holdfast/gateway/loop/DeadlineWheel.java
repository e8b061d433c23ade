package dev.holdfast.gateway.loop;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deadlines of the calls of one event loop, as a hierarchical timing wheel (Varghese and Lauck,
 * 1987). Nearly all are cancelled, because calls end before; starting and cancelling one costs the
 * same however many there are, unlike with the event loop's own timers. A deadline is kept by the
 * millisecond, and never met early. Confined to the event loop.
 */
public final class DeadlineWheel {
  static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private static final Logger log = LoggerFactory.getLogger(DeadlineWheel.class);
  private static final int SLOT_BITS = 6;
  private static final int SLOTS = 1 << SLOT_BITS;

  /**
   * With 64 slots each, the last one covers 12 days; a later deadline is moved when they passed.
   */
  private static final int LEVELS = 5;

  private static final long SPAN_TICKS = 1L << (SLOT_BITS * LEVELS);
  private static final long NEVER = Long.MAX_VALUE;

  private final WakeTimer wakeTimer;
  private final long originNanos;

  /** The deadlines of each slot, the slots of each level one after the other. */
  private final @Nullable Deadline[] slots = new Deadline[LEVELS * SLOTS];

  /** A bit for each slot of a level that has deadlines. */
  private final long[] used = new long[LEVELS];

  /** Everything that was due up to this tick was met. */
  private long nowTick;

  /** The tick for which the timer is set. */
  private long wakeTick = NEVER;

  /** The timer that wakes the wheel. */
  interface WakeTimer {
    /** Calls {@link DeadlineWheel#onWake} once after a delay, and no more at an earlier time. */
    void set(long nanos);
  }

  /** A deadline that can be started once. */
  public abstract static class Deadline {
    private static final int NOWHERE = -1;

    private long tick;
    private int place = NOWHERE;
    private @Nullable Deadline previous;
    private @Nullable Deadline next;

    /** Called when the deadline has passed, unless it was cancelled. */
    protected abstract void onPassed();
  }

  /**
   * @param nowNanos the monotonic time in nanoseconds
   */
  DeadlineWheel(WakeTimer wakeTimer, long nowNanos) {
    this.wakeTimer = wakeTimer;
    this.originNanos = nowNanos;
  }

  /** Creates the wheel of an event loop. */
  static DeadlineWheel of(EventLoop loop) {
    LoopTimer timer = new LoopTimer(loop);
    DeadlineWheel wheel = new DeadlineWheel(timer, System.nanoTime());
    timer.wheel = wheel;
    return wheel;
  }

  /**
   * Starts a deadline.
   *
   * @param nowNanos the monotonic time in nanoseconds
   * @param delayNanos from now on
   */
  public void start(Deadline deadline, long nowNanos, long delayNanos) {
    long sinceOrigin = nowNanos - originNanos;
    long current = sinceOrigin / TICK_NANOS;
    if (current > nowTick && current < wakeTick) {
      // No slot is due in between.
      nowTick = current;
    }
    long dueNanos = sinceOrigin + Math.min(delayNanos, Long.MAX_VALUE / 2);
    deadline.tick = Math.max(nowTick + 1, (dueNanos + TICK_NANOS - 1) / TICK_NANOS);
    insert(deadline);
    long slotTick = tickOf(deadline.place);
    if (slotTick < wakeTick) {
      wakeAt(slotTick, sinceOrigin);
    }
  }

  /** Cancels a deadline; no effect on one that has passed or was cancelled. */
  public void cancel(Deadline deadline) {
    if (deadline.place != Deadline.NOWHERE) {
      remove(deadline);
    }
  }

  /** Meets the deadlines that have passed. */
  void onWake(long nowNanos) {
    wakeTick = NEVER;
    long sinceOrigin = nowNanos - originNanos;
    long target = sinceOrigin / TICK_NANOS;
    for (long due = nextTick(); due <= target; due = nextTick()) {
      nowTick = due;
      empty(due);
    }
    nowTick = Math.max(nowTick, target);
    long next = nextTick();
    if (next < wakeTick) {
      wakeAt(next, sinceOrigin);
    }
  }

  private void wakeAt(long tick, long sinceOrigin) {
    wakeTick = tick;
    wakeTimer.set(Math.max(0, tick * TICK_NANOS - sinceOrigin));
  }

  /** Puts a deadline into the level whose slots are as long as the time that is left. */
  private void insert(Deadline deadline) {
    long left = Math.min(deadline.tick - nowTick, SPAN_TICKS - 1);
    int level = (Long.SIZE - 1 - Long.numberOfLeadingZeros(left)) / SLOT_BITS;
    int slot = (int) ((nowTick + left) >>> (SLOT_BITS * level)) & (SLOTS - 1);
    int place = level * SLOTS + slot;
    Deadline first = slots[place];
    deadline.place = place;
    deadline.next = first;
    if (first != null) {
      first.previous = deadline;
    }
    slots[place] = deadline;
    used[level] |= 1L << slot;
  }

  private void remove(Deadline deadline) {
    int place = deadline.place;
    Deadline before = deadline.previous;
    Deadline after = deadline.next;
    if (after != null) {
      after.previous = before;
    }
    if (before != null) {
      before.next = after;
    } else {
      slots[place] = after;
      if (after == null) {
        used[place / SLOTS] &= ~(1L << place % SLOTS);
      }
    }
    deadline.place = Deadline.NOWHERE;
    deadline.previous = null;
    deadline.next = null;
  }

  /** The tick at which a slot is emptied next. */
  private long tickOf(int place) {
    int shift = SLOT_BITS * (place / SLOTS);
    long current = nowTick >>> shift;
    long ahead = ((place % SLOTS - current - 1) & (SLOTS - 1)) + 1;
    return (current + ahead) << shift;
  }

  /** The tick at which the next slot is emptied; {@link #NEVER} when there is none. */
  private long nextTick() {
    long next = NEVER;
    for (int level = 0; level < LEVELS; level++) {
      if (used[level] != 0) {
        int current = (int) (nowTick >>> (SLOT_BITS * level)) & (SLOTS - 1);
        // The slots behind the current one come first, the current one comes last.
        int ahead = Long.numberOfTrailingZeros(Long.rotateRight(used[level], current + 1));
        next = Math.min(next, tickOf(level * SLOTS + ((current + 1 + ahead) & (SLOTS - 1))));
      }
    }
    return next;
  }

  /** Empties the slots that begin at a tick: what is due is met, the rest moves to other slots. */
  private void empty(long tick) {
    for (int level = LEVELS - 1; level >= 0; level--) {
      int shift = SLOT_BITS * level;
      if ((tick & ((1L << shift) - 1)) != 0) {
        continue;
      }
      int place = level * SLOTS + ((int) (tick >>> shift) & (SLOTS - 1));
      for (Deadline first = slots[place]; first != null; first = slots[place]) {
        remove(first);
        if (first.tick <= tick) {
          meet(first);
        } else {
          insert(first);
        }
      }
    }
  }

  private static void meet(Deadline deadline) {
    try {
      deadline.onPassed();
    } catch (RuntimeException e) {
      // The deadlines of other calls are met all the same.
      log.error("event=deadline_failed", e);
    }
  }

  /** A timer of the event loop. */
  private static final class LoopTimer implements WakeTimer {
    private final EventLoop loop;
    private @Nullable DeadlineWheel wheel;
    private @Nullable ScheduledFuture<?> set;

    LoopTimer(EventLoop loop) {
      this.loop = loop;
    }

    @Override
    public void set(long nanos) {
      EventLoopContext.assertIn(loop);
      ScheduledFuture<?> before = set;
      if (before != null) {
        before.cancel(false);
      }
      set = loop.schedule(this::wake, nanos, TimeUnit.NANOSECONDS);
    }

    private void wake() {
      DeadlineWheel woken = wheel;
      if (woken != null) {
        woken.onWake(System.nanoTime());
      }
    }
  }
}
