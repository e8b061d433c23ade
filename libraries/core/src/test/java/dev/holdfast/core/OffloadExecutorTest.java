package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OffloadExecutorTest {
  private static final int PATIENCE_SECONDS = 60;
  private static final int TASKS = 1_000;

  @Test
  void codeOfUsersFailsOnTheThreadOfASchedulerAlone() throws Exception {
    try (SystemScheduler own = SystemScheduler.create("own")) {
      assertThat(failsOn(SystemScheduler.shared()::execute)).isTrue();
      assertThat(failsOn(own::execute)).isTrue();
    }
    assertThat(failsOn(OffloadExecutor.shared())).isFalse();
    assertThat(failsOn(Runnable::run)).isFalse();
  }

  @Test
  void oneThreadAtATimeIsWokenForTasks() {
    Queue<Runnable> woken = new ArrayDeque<>();
    Executor executor = new OffloadExecutor(woken::add);
    AtomicInteger done = new AtomicInteger();
    for (int i = 0; i < TASKS; i++) {
      executor.execute(done::incrementAndGet);
    }
    assertThat(woken).hasSize(1);

    // It wakes the next one, in case that the first task blocks.
    woken.remove().run();
    assertThat(done).hasValue(TASKS);
    assertThat(woken).hasSize(1);

    woken.remove().run();
    executor.execute(done::incrementAndGet);
    assertThat(woken).hasSize(1);
    woken.remove().run();
    assertThat(done).hasValue(TASKS + 1);
  }

  @Test
  void interruptOfATaskIsNotSeenByTheNextOne() {
    Queue<Runnable> woken = new ArrayDeque<>();
    Executor executor = new OffloadExecutor(woken::add);
    AtomicBoolean interrupted = new AtomicBoolean();
    executor.execute(() -> Thread.currentThread().interrupt());
    executor.execute(() -> interrupted.set(Thread.currentThread().isInterrupted()));
    woken.remove().run();
    assertThat(Thread.interrupted()).isFalse();
    assertThat(interrupted).isFalse();
  }

  @Test
  void taskThatBlocksHoldsNoOtherBack() throws Exception {
    CountDownLatch others = new CountDownLatch(OffloadExecutor.MAX_THREADS - 1);
    CompletableFuture<Boolean> seen = new CompletableFuture<>();
    OffloadExecutor.shared()
        .execute(
            () -> {
              try {
                seen.complete(others.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
              } catch (InterruptedException e) {
                seen.completeExceptionally(e);
              }
            });
    for (int i = 1; i < OffloadExecutor.MAX_THREADS; i++) {
      OffloadExecutor.shared().execute(others::countDown);
    }
    assertThat(seen.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void tasksBehindAnErrorAreRunByOthers() {
    Queue<Runnable> woken = new ArrayDeque<>();
    Executor executor = new OffloadExecutor(woken::add);
    AtomicInteger done = new AtomicInteger();
    executor.execute(done::incrementAndGet);
    executor.execute(
        () -> {
          throw new LinkageError("broken");
        });
    executor.execute(done::incrementAndGet);
    assertThatThrownBy(() -> woken.remove().run()).isInstanceOf(LinkageError.class);
    while (!woken.isEmpty()) {
      woken.remove().run();
    }
    assertThat(done).hasValue(2);
  }

  @Test
  void taskIsNotLostWhenNoThreadBegins() {
    AtomicBoolean full = new AtomicBoolean(true);
    Executor executor =
        new OffloadExecutor(
            task -> {
              if (full.get()) {
                throw new RejectedExecutionException("full");
              }
              task.run();
            });
    AtomicInteger done = new AtomicInteger();
    assertThatThrownBy(() -> executor.execute(done::incrementAndGet))
        .isInstanceOf(RejectedExecutionException.class);
    full.set(false);
    executor.execute(done::incrementAndGet);
    assertThat(done).hasValue(2);
  }

  private static boolean failsOn(Executor executor) throws Exception {
    CompletableFuture<Boolean> failed = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            OffloadExecutor.assertNotSchedulerThread();
            failed.complete(false);
          } catch (AssertionError e) {
            failed.complete(true);
          }
        });
    return failed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
