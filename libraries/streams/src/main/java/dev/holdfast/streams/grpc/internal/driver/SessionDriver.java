package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamSession;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The imperative shell of one session: decides under a lock, and acts outside of it.
 *
 * <p>Inputs may come from any thread. The thread of an input also executes the outputs, unless
 * another thread is doing so, which then takes them. So one thread at a time executes outputs, in
 * order, without a lock. Outputs run interceptors of users, so a scheduler thread hands them to the
 * {@link OffloadExecutor}.
 */
public final class SessionDriver<S extends StreamSession> {
  private static final Logger log = LoggerFactory.getLogger(SessionDriver.class);

  /** The executor of a session's outputs. Called by one thread at a time, without a lock. */
  public interface Shell {
    /** Called before outputs are taken, so that the shell can add inputs of its own. */
    default void onTurn() {}

    void act(SessionOutput output);

    /** Called once, when the session is over. */
    void onOver();
  }

  /** An input to the session, applied under the lock. */
  public interface SessionInput<S> {
    void apply(S session, long nowNanos);
  }

  /** A reader of the session, called under the lock. */
  public interface SessionReader<S, T> {
    T read(S session, long nowNanos, long unackedMillis);
  }

  /** A field of its own, as each of 100,000 idle sessions would have an AtomicInteger. */
  @SuppressWarnings("rawtypes")
  private static final AtomicIntegerFieldUpdater<SessionDriver> TURNS =
      AtomicIntegerFieldUpdater.newUpdater(SessionDriver.class, "turns");

  /** Its monitor is the lock: nobody else has the session. */
  private final S session;

  private final Scheduler scheduler;
  private final Shell shell;
  private volatile @Nullable Thread acting;

  /**
   * Whether there was room after the last input. A sender reads it without the lock; what other
   * sessions of the process took meanwhile is within the tolerance of twice the limit.
   */
  private volatile boolean roomy;

  /** Confined to the thread that executes outputs. */
  private boolean ending;

  private volatile int turns;

  // Guarded by the lock.
  private @Nullable Subscription timer;
  private long timerNanos;
  private final UnackedAge unacked = new UnackedAge();
  private int waiters;
  private boolean over;

  public SessionDriver(S session, Scheduler scheduler, Shell shell) {
    this.session = session;
    this.scheduler = scheduler;
    this.shell = shell;
  }

  public long nowNanos() {
    return scheduler.clock().nanoTime();
  }

  /** Applies an input to the session and executes its outputs. */
  public void input(SessionInput<S> sessionInput) {
    synchronized (session) {
      sessionInput.apply(session, nowNanos());
    }
    drive();
  }

  /** Reads the session, or gives it an input without acting yet. */
  public <T> T locked(Function<S, T> question) {
    synchronized (session) {
      return question.apply(session);
    }
  }

  /**
   * Reads the session, and for how many milliseconds at least the oldest message has waited for its
   * acknowledgement; 0 without one.
   */
  public <T> T shown(SessionReader<S, T> reader) {
    synchronized (session) {
      long nowNanos = nowNanos();
      return reader.read(session, nowNanos, unacked.millis(session, nowNanos));
    }
  }

  /**
   * Brings what a reader will need into the cache, without the lock: the result means nothing, as
   * other threads may be writing.
   */
  public long prefetch() {
    return session.id().high()
        + session.heldBytes()
        + session.position()
        + session.acked()
        + session.processed()
        + session.duplicates()
        + unacked.prefetch();
  }

  public boolean isReady() {
    if (roomy) {
      return true;
    }
    synchronized (session) {
      return session.isReady();
    }
  }

  /**
   * Offers a message to the session.
   *
   * @return whether it was taken, or the session had ended
   */
  public boolean offer(Payload message) {
    synchronized (session) {
      if (!take(message)) {
        return isSessionOver();
      }
    }
    drive();
    return true;
  }

  /**
   * Offers a message; when the buffer is full to twice its limit the caller waits until there is
   * room, as code that never asks for isReady must be slowed down by something.
   *
   * @return whether it was taken, or the session had ended; false when there was no room in time
   */
  public boolean offer(Payload message, Duration patience) {
    synchronized (session) {
      if (!take(message)) {
        if (isSessionOver()) {
          return true;
        } else if (!takeInTime(message, patience)) {
          return isSessionOver();
        }
      }
    }
    drive();
    return true;
  }

  /** Guarded by the lock. */
  private boolean take(Payload message) {
    boolean taken = session.offer(message);
    roomy = taken && session.hasRoom();
    return taken;
  }

  /** Waits for room; guarded by the lock, which is released meanwhile. */
  private boolean takeInTime(Payload message, Duration patience) {
    long endNanos = System.nanoTime() + patience.toNanos();
    waiters++;
    try {
      while (!isSessionOver()) {
        long leftMillis = (endNanos - System.nanoTime()) / 1_000_000;
        // Who acts for the session can't wait for itself.
        if (leftMillis <= 0 || acting == Thread.currentThread()) {
          return false;
        }
        session.wait(leftMillis);
        if (take(message)) {
          return true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      waiters--;
    }
    return false;
  }

  /** Guarded by the lock. */
  private boolean isSessionOver() {
    return session.end() != null || session.state().isTerminal();
  }

  /** Takes outputs until there are none, unless another thread is at it. */
  public void drive() {
    if (OffloadExecutor.isSchedulerThread()) {
      // Another thread may act before a thread of the executor is free.
      OffloadExecutor.shared().execute(this::drive);
      return;
    }
    if (TURNS.getAndIncrement(this) != 0) {
      return;
    }
    int done;
    do {
      done = turns;
      boolean acted = false;
      acting = Thread.currentThread();
      try {
        turn();
        acted = true;
      } finally {
        acting = null;
        if (!acted) {
          // An Error is the thread's own matter: the next input acts for the session again.
          turns = 0;
        }
      }
    } while (!TURNS.compareAndSet(this, done, 0));
  }

  private void turn() {
    OffloadExecutor.assertNotSchedulerThread();
    try {
      shell.onTurn();
    } catch (RuntimeException e) {
      failed(e);
    }
    // One time for all outputs: the clock costs as much as the poll of a small message.
    long nowNanos = nowNanos();
    for (SessionOutput next = poll(nowNanos); next != null; next = poll(nowNanos)) {
      try {
        shell.act(next);
      } catch (RuntimeException e) {
        failed(e);
      }
    }
    if (ending) {
      ending = false;
      try {
        shell.onOver();
      } catch (RuntimeException e) {
        failed(e);
      }
    }
  }

  /** An attachment may be broken, or its interceptor: other outputs are acted on all the same. */
  private void failed(RuntimeException e) {
    log.error("event=stream_output_failed session={}", session.id(), e);
  }

  private @Nullable SessionOutput poll(long nowNanos) {
    synchronized (session) {
      SessionOutput next;
      try {
        next = session.poll(nowNanos);
      } catch (RuntimeException e) {
        failed(e);
        next = null;
      }
      if (next == null) {
        unacked.note(session, nowNanos);
        roomy = session.hasRoom();
        arm();
        if (!over && session.isOver()) {
          over = true;
          ending = true;
        }
        if (waiters > 0) {
          session.notifyAll();
        }
      }
      return next;
    }
  }

  /** Sets the session's timer, which may fire early and never late. */
  private void arm() {
    OptionalLong due = session.nextDeadlineNanos();
    if (due.isEmpty()) {
      if (timer != null && session.state().isTerminal()) {
        timer.close();
        timer = null;
      }
      return;
    }
    if (timer != null) {
      if (due.getAsLong() - timerNanos >= 0) {
        return;
      }
      timer.close();
    }
    timerNanos = due.getAsLong();
    timer = scheduler.schedule(Duration.ofNanos(timerNanos - nowNanos()), this::onTimer);
  }

  private void onTimer() {
    synchronized (session) {
      timer = null;
      long nowNanos = nowNanos();
      OptionalLong due = session.nextDeadlineNanos();
      if (due.isEmpty() || due.getAsLong() - nowNanos > 0) {
        // Early: an ack, for instance, went with a message meanwhile.
        arm();
        return;
      }
      session.onTimeout(nowNanos);
    }
    drive();
  }
}
