package dev.holdfast.streams.grpc.internal.callback;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The callback queue of a session. Callbacks run one at a time and in order, on an executor or on a
 * {@link InlineCallbackThread}. A slow application delays its own session, but neither acks nor
 * other sessions. Thread-safe.
 */
public final class CallbackQueue implements Executor {
  private static final Logger log = LoggerFactory.getLogger(CallbackQueue.class);

  /** A field of its own, as each of 100,000 idle sessions would have an AtomicInteger. */
  private static final AtomicIntegerFieldUpdater<CallbackQueue> WAITING =
      AtomicIntegerFieldUpdater.newUpdater(CallbackQueue.class, "waiting");

  private final Executor executor;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  @SuppressWarnings("UnusedVariable") // Read by WAITING.
  private volatile int waiting;

  public CallbackQueue(Executor executor) {
    this.executor = executor;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (WAITING.getAndIncrement(this) == 0 && !InlineCallbackThread.claimQueue(this)) {
      executor.execute(this::runAll);
    }
  }

  /**
   * Runs the queued callbacks on the thread that took the queue; see {@link InlineCallbackThread}.
   */
  void runAll() {
    int count = 1;
    do {
      for (int i = 0; i < count; i++) {
        Runnable task = tasks.poll();
        if (task != null) {
          run(task);
        }
      }
      count = WAITING.addAndGet(this, -count);
    } while (count != 0);
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      // The callbacks behind it go on: one of them tells the end.
      log.error("event=stream_callback_failed", e);
    }
  }
}
