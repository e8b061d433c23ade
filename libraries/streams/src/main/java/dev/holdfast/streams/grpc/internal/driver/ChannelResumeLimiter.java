package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pacing of the sessions of one channel that resume together: a {@link
 * ResumeConcurrencyLimiter} for each server, so that a server which does not answer holds back its
 * own sessions only. Thread-safe.
 */
public final class ChannelResumeLimiter {
  private static final Logger log = LoggerFactory.getLogger(ChannelResumeLimiter.class);

  private final Scheduler scheduler;

  // Both guarded by the limiter.

  /** By host:port of the server, "" for any. One without an attempt is forgotten. */
  private final Map<String, ServerResumes> servers = new HashMap<>();

  private final Map<Object, PausedSession> paused = new LinkedHashMap<>();

  /**
   * A session between two attempts.
   *
   * @param server where the next one goes, as host:port; "" for any
   */
  private record PausedSession(String server, Runnable wake) {}

  public ChannelResumeLimiter(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * An attempt that has not asked yet, waits, is under way, or over. Its owner knows it before it
   * asks: the thread that begins it may be another one, and its welcome may come before {@link
   * #ask} returns.
   */
  public final class QueuedResume {
    private final String server;
    private final Runnable begin;

    // Guarded by the limiter.
    private @Nullable ServerResumes asked;
    private ResumeConcurrencyLimiter.@Nullable ResumePermit permit;
    private boolean over;

    private QueuedResume(String server, Runnable begin) {
      this.server = server;
      this.begin = begin;
    }

    /** Begins it if it is due, or else when it is; called once. */
    public void ask() {
      ServerResumes resumes;
      synchronized (ChannelResumeLimiter.this) {
        if (over) {
          return;
        }
        resumes = servers.computeIfAbsent(server, unused -> new ServerResumes());
        permit = resumes.pace.ask(scheduler.clock().nanoTime(), begin);
        asked = resumes;
      }
      resumes.drive();
    }

    public void onWelcome() {
      end(false, ResumeConcurrencyLimiter::onWelcome);
    }

    /** Ends a turn that the server refused. */
    public void onRefused() {
      end(true, ResumeConcurrencyLimiter::onRefused);
    }

    /** Ends a turn, also one that never began or was never requested. */
    public void onOver() {
      end(true, ResumeConcurrencyLimiter::onOver);
    }

    private void end(
        boolean attempt,
        BiConsumer<ResumeConcurrencyLimiter, ResumeConcurrencyLimiter.ResumePermit> how) {
      ServerResumes resumes;
      synchronized (ChannelResumeLimiter.this) {
        over |= attempt;
        resumes = asked;
        if (resumes == null || permit == null) {
          return;
        }
        how.accept(resumes.pace, permit);
        if (resumes.pace.isIdle()) {
          servers.remove(server, resumes);
        }
      }
      resumes.drive();
    }
  }

  /**
   * A turn to ask for.
   *
   * @param server where the attempt goes, as host:port; "" for any
   * @param begin run once, at most, by any thread
   */
  public QueuedResume turn(String server, Runnable begin) {
    return new QueuedResume(server, begin);
  }

  /** The servers with attempts that wait for their turn or their answer. */
  synchronized int servers() {
    return servers.size();
  }

  /**
   * Remembers a session whose attempt came to nothing, until it tries again.
   *
   * @param session its key
   * @param server where its next attempt goes, as host:port; "" for any
   * @param wake run once, at most, when that server has welcomed another session
   */
  public void pause(Object session, String server, Runnable wake) {
    synchronized (this) {
      paused.put(session, new PausedSession(server, wake));
    }
  }

  /** Forgets a session that tries again, or is over. */
  public void endPause(Object session) {
    synchronized (this) {
      paused.remove(session);
    }
  }

  /**
   * Wakes the sessions that wait for a server which welcomes again, in place of waiting out the
   * delays that its outage has left them. Their attempts are paced as all are.
   *
   * @param server as host:port, as its token says; "" where tokens name none
   */
  public void onWelcome(String server) {
    List<Runnable> wakes = new ArrayList<>();
    synchronized (this) {
      for (Iterator<PausedSession> all = paused.values().iterator(); all.hasNext(); ) {
        PausedSession each = all.next();
        if (each.server().isEmpty() || each.server().equals(server)) {
          all.remove();
          wakes.add(each.wake());
        }
      }
    }
    wakes.forEach(ChannelResumeLimiter::run);
  }

  private static void run(Runnable attempt) {
    try {
      attempt.run();
    } catch (RuntimeException e) {
      // One that can't begin must not keep the others from it; its session tries again.
      log.error("event=stream_attempt_failed", e);
    }
  }

  /** The resumes of one server, with a timer. */
  private final class ServerResumes {
    // Guarded by the limiter.
    private final ResumeConcurrencyLimiter pace = new ResumeConcurrencyLimiter();
    private boolean armed;

    private final AtomicInteger turns = new AtomicInteger();

    /** Begins what is due, unless another thread is at it, which then does. */
    private void drive() {
      if (OffloadExecutor.isSchedulerThread()) {
        // Another thread may act before a thread of the executor is free.
        OffloadExecutor.shared().execute(this::drive);
        return;
      }
      if (turns.getAndIncrement() != 0) {
        return;
      }
      int done;
      do {
        done = turns.get();
        boolean begun = false;
        try {
          for (ResumeConcurrencyLimiter.ResumePermit next = next(); next != null; next = next()) {
            OffloadExecutor.assertNotSchedulerThread();
            run(next.begin());
          }
          begun = true;
        } finally {
          if (!begun) {
            // An Error is the thread's own matter: the next one begins what is due.
            turns.set(0);
          }
        }
      } while (!turns.compareAndSet(done, 0));
    }

    private ResumeConcurrencyLimiter.@Nullable ResumePermit next() {
      synchronized (ChannelResumeLimiter.this) {
        long nowNanos = scheduler.clock().nanoTime();
        ResumeConcurrencyLimiter.ResumePermit next = pace.next(nowNanos);
        OptionalLong due = pace.nextDeadlineNanos();
        if (next == null && !armed && due.isPresent()) {
          armed = true;
          var unused =
              scheduler.schedule(Duration.ofNanos(due.getAsLong() - nowNanos), this::onTimer);
        }
        return next;
      }
    }

    private void onTimer() {
      synchronized (ChannelResumeLimiter.this) {
        armed = false;
      }
      drive();
    }
  }
}
