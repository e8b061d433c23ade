package dev.holdfast.streams.grpc.internal.callback;

import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC thread that runs a handler's callbacks itself after it read a message, so that a message
 * needs no more thread switches than without sessions.
 *
 * <p>Meanwhile the frames behind that message wait, acks among them (head-of-line blocking). So
 * borrowed threads are watched. When a callback takes too long, or waits for room to send, the
 * session moves to another attachment, whose frames come on another thread. {@link
 * InlineCallbackPolicy} then keeps the method from borrowing for a while. A Netty thread is never
 * borrowed: the other attachment might be on it too.
 *
 * <p>Each thread has one instance; only the watch reads those of other threads.
 */
public final class InlineCallbackThread {
  @Limit(
      of = "time for which a handler's callback may run on the thread that read its message",
      then = "the session moves to another attachment, so that acks go on")
  static final Duration LONGEST = Duration.ofSeconds(1);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(250);

  /**
   * The threads that run callbacks now, and those that have done so since the last look: adding and
   * removing one costs as much as a short callback. With virtual threads there may be one for each
   * message.
   */
  private static final Set<InlineCallbackThread> LENT = ConcurrentHashMap.newKeySet();

  private static final AtomicBoolean WATCHED = new AtomicBoolean();
  private static final ThreadLocal<InlineCallbackThread> CURRENT =
      ThreadLocal.withInitial(InlineCallbackThread::new);

  /** Whose callbacks run on a borrowed thread. */
  public interface SlowCallbackListener {
    /**
     * Called when callbacks take too long on a borrowed thread: the frames behind them need another
     * thread.
     */
    void onSlowCallback();
  }

  private final boolean lendable = !isOfNetty(Thread.currentThread());
  private @Nullable CallbackQueue queue;
  private boolean taken;

  // Written by the thread, read by the watch.
  private volatile @Nullable SlowCallbackListener slowCallbackListener;
  private volatile long sinceNanos;

  /** Whether it is among the lent ones. Written under its monitor. */
  private volatile boolean lent;

  private InlineCallbackThread() {}

  /** The instance of the calling thread. */
  public static InlineCallbackThread current() {
    return CURRENT.get();
  }

  /** Whether it runs callbacks of this one just now; says so once a run. */
  public boolean endInline(SlowCallbackListener asked) {
    boolean borrowed = slowCallbackListener == asked;
    if (borrowed) {
      slowCallbackListener = null;
    }
    return borrowed;
  }

  /**
   * Takes in what came, then runs the callbacks that come of it, if no other thread does.
   *
   * @return nanoseconds for which callbacks ran
   */
  public long runInline(CallbackQueue to, SlowCallbackListener whose, Runnable input) {
    if (!lendable || queue != null || slowCallbackListener != null) {
      input.run();
      return 0;
    }
    queue = to;
    long tookNanos = 0;
    try {
      input.run();
    } finally {
      queue = null;
      if (taken) {
        taken = false;
        tookNanos = run(to, whose);
      }
    }
    return tookNanos;
  }

  private long run(CallbackQueue callbacks, SlowCallbackListener whose) {
    long beganNanos = System.nanoTime();
    sinceNanos = beganNanos;
    slowCallbackListener = whose;
    try {
      if (!lent) {
        synchronized (this) {
          LENT.add(this);
          lent = true;
        }
      }
      watch();
      callbacks.runAll();
    } finally {
      slowCallbackListener = null;
    }
    return System.nanoTime() - beganNanos;
  }

  /** Takes it from the lent ones, unless it runs callbacks again meanwhile. */
  private synchronized void forget() {
    lent = false;
    LENT.remove(this);
    if (slowCallbackListener != null) {
      // It may have begun before it could see that it was no longer among them.
      LENT.add(this);
      lent = true;
    }
  }

  /** Whether the watch checks it. */
  boolean isWatched() {
    return LENT.contains(this);
  }

  /**
   * Takes a queue for the calling thread if that is lent to it; the thread then runs the queue's
   * callbacks.
   */
  static boolean claimQueue(CallbackQueue of) {
    InlineCallbackThread current = CURRENT.get();
    if (current.queue == of) {
      current.taken = true;
      return true;
    }
    return false;
  }

  private static void watch() {
    if (!WATCHED.get() && WATCHED.compareAndSet(false, true)) {
      var unused = SystemScheduler.shared().schedule(POLL_INTERVAL, InlineCallbackThread::look);
    }
  }

  /** Goes on as long as threads are borrowed; which is all the time on a busy server. */
  private static void look() {
    long nowNanos = System.nanoTime();
    for (InlineCallbackThread one : LENT) {
      if (one.slowCallbackListener == null) {
        one.forget();
      } else {
        one.lookAt(nowNanos);
      }
    }
    WATCHED.set(false);
    // A thread that is lent after this line is watched by what it does itself.
    if (!LENT.isEmpty()) {
      watch();
    }
  }

  private void lookAt(long nowNanos) {
    SlowCallbackListener held = slowCallbackListener;
    if (held != null
        && nowNanos - sinceNanos >= LONGEST.toNanos()
        && slowCallbackListener == held) {
      // At the next check the same run counts as one that began now: said again if it helped
      // nobody.
      sinceNanos = nowNanos;
      held.onSlowCallback();
    }
  }

  /**
   * Whether this is a Netty thread; tested by class name, because Netty may be relocated or absent.
   */
  private static boolean isOfNetty(Thread thread) {
    for (Class<?> at = thread.getClass(); at != null; at = at.getSuperclass()) {
      if (at.getSimpleName().equals("FastThreadLocalThread")) {
        return true;
      }
    }
    return false;
  }
}
