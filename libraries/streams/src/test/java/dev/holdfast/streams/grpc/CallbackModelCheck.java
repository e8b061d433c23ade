package dev.holdfast.streams.grpc;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.internal.callback.CallbackQueue;
import dev.holdfast.streams.grpc.internal.driver.SessionDriver;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * The program of {@link CallbackModelCheckTest}: {@code CASE}. A process of its own, because the
 * search changes classes while it runs.
 */
final class CallbackModelCheck {
  static final String VERDICT = "verdict";
  static final String HELD = "HELD";
  static final String BROKEN = "BROKEN";

  /** What is searched. */
  enum Case {
    CALLBACKS(Callbacks.class),
    UNQUEUED(Unqueued.class),
    DRIVEN(Driven.class);

    private final Class<?> threads;

    Case(Class<?> threads) {
      this.threads = threads;
    }
  }

  private CallbackModelCheck() {}

  public static void main(String[] args) {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .iterations(2)
            .invocationsPerIteration(100)
            .minimizeFailedScenario(false)
            .threads(2)
            .actorsPerThread(2)
            .actorsBefore(0)
            .actorsAfter(0);
    try {
      options.check(Case.valueOf(args[0]).threads);
      System.out.println(VERDICT + " " + HELD);
    } catch (LincheckAssertionError e) {
      System.out.println(VERDICT + " " + BROKEN);
      System.out.println(e.getMessage());
    }
    System.exit(0);
  }

  /** What a listener counts without a lock. */
  private static final class Counter implements Runnable {
    private int count;

    @Override
    public void run() {
      count++;
    }
  }

  /** Two threads bring callbacks. */
  public static class Callbacks {
    private final CallbackQueue queue = new CallbackQueue(Runnable::run);
    private final AtomicInteger brought = new AtomicInteger();
    private final Counter counter = new Counter();

    @Operation
    public void bring() {
      brought.incrementAndGet();
      queue.execute(counter);
    }

    @Validate
    public void validate() {
      if (counter.count != brought.get()) {
        throw new IllegalStateException(counter.count + " of " + brought.get() + " ran");
      }
    }
  }

  /** The same without a queue. */
  public static class Unqueued {
    private final AtomicInteger brought = new AtomicInteger();
    private final Counter counter = new Counter();

    @Operation
    public void bring() {
      brought.incrementAndGet();
      counter.run();
    }

    @Validate
    public void validate() {
      if (counter.count != brought.get()) {
        throw new IllegalStateException(counter.count + " of " + brought.get() + " ran");
      }
    }
  }

  /** Two threads send; the one that drives the session writes for both. */
  public static class Driven implements SessionDriver.Shell {
    private final AtomicInteger offered = new AtomicInteger();
    private final SessionDriver<ClientSession> driver;
    private int written;
    private int overlaps;
    private boolean acting;

    public Driven() {
      ClientSession session =
          new ClientSession(
              new SessionId(1, 2),
              SessionOptions.DEFAULT,
              SessionRules.STANDARD,
              new SplittableRandom(1));
      driver = new SessionDriver<>(session, new StoppedScheduler(), this);
      driver.input((started, now) -> started.start(now, Duration.ZERO, ClientSession.Peer.PLAIN));
    }

    @Operation
    public void send() {
      offered.incrementAndGet();
      driver.offer(Payload.EMPTY, Duration.ZERO);
    }

    @Operation
    public void look() {
      driver.input((session, now) -> session.onTimeout(now));
    }

    @Validate
    public void validate() {
      if (written != offered.get() || overlaps > 0) {
        throw new IllegalStateException(
            "%d of %d written, %d overlaps".formatted(written, offered.get(), overlaps));
      }
    }

    @Override
    public void onTurn() {}

    @Override
    public void act(SessionOutput output) {
      overlaps += acting ? 1 : 0;
      acting = true;
      written += output instanceof SessionOutput.Send ? 1 : 0;
      acting = false;
    }

    @Override
    public void onOver() {}
  }

  /** No time passes. */
  private static final class StoppedScheduler implements Scheduler {
    @Override
    public Clock clock() {
      return new Clock() {
        @Override
        public long nanoTime() {
          return 0;
        }

        @Override
        public Instant wallTime() {
          return Instant.EPOCH;
        }
      };
    }

    @Override
    public void execute(Runnable task) {}

    @Override
    public Subscription schedule(Duration delay, Runnable task) {
      return () -> {};
    }

    @Override
    public boolean isCurrent() {
      return false;
    }
  }
}
