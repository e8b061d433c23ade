package dev.holdfast.streams.grpc.internal.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The threads that call applications, which may do there what they like. */
class CallbackExecutorTest {
  private static final long PATIENCE_SECONDS = 60;
  private static final Duration LONG = Duration.ofHours(1);

  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  /** Callbacks of which each is over when the next one is: all need a thread at the same time. */
  @ParameterizedTest
  @ValueSource(ints = {2, 100})
  void noCallbackWaitsForOneThatBlocks(int callbacks) throws Exception {
    CallbackExecutor executor = new CallbackExecutor("blocked", LONG);
    for (int round = 0; round < 20; round++) {
      List<CountDownLatch> over = new ArrayList<>();
      for (int i = 0; i <= callbacks; i++) {
        over.add(new CountDownLatch(1));
      }
      for (int i = 0; i < callbacks; i++) {
        CountDownLatch next = over.get(i + 1);
        CountDownLatch own = over.get(i);
        executor.execute(
            () -> {
              awaitLatch(next);
              own.countDown();
            });
      }
      over.get(callbacks).countDown();
      assertThat(over.get(0).await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Threads go and come all the time, while several bring callbacks at once. */
  @ParameterizedTest
  @ValueSource(longs = {1, 1_000, 1_000_000_000})
  void eachRunsOnce(long idleNanos) throws Exception {
    CallbackExecutor executor = new CallbackExecutor("once", Duration.ofNanos(idleNanos));
    int bringers = 4;
    int each = 20_000;
    AtomicInteger[] runs = new AtomicInteger[bringers * each];
    CountDownLatch left = new CountDownLatch(runs.length);
    List<Thread> bringing = new ArrayList<>();
    for (int bringer = 0; bringer < bringers; bringer++) {
      int first = bringer * each;
      Thread thread =
          new Thread(
              () -> {
                for (int i = first; i < first + each; i++) {
                  AtomicInteger run = new AtomicInteger();
                  runs[i] = run;
                  executor.execute(
                      () -> {
                        run.incrementAndGet();
                        left.countDown();
                      });
                }
              });
      bringing.add(thread);
      thread.start();
    }
    assertThat(left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    for (Thread thread : bringing) {
      thread.join();
    }
    assertThat(runs).allSatisfy(run -> assertThat(run).hasValue(1));
  }

  /** A thread was woken for a callback that another one took; the last one comes meanwhile. */
  @Test
  void oneThatComesWhileAThreadFindsNothingIsNotForgotten() throws Exception {
    CountDownLatch run = new CountDownLatch(2);
    AtomicReference<@Nullable Executor> executor = new AtomicReference<>();
    Queue<Runnable> tasks =
        new ConcurrentLinkedQueue<>() {
          private final AtomicBoolean asked = new AtomicBoolean();

          @Override
          public @Nullable Runnable poll() {
            if (asked.compareAndSet(false, true)) {
              // As if the first one were not there.
              Objects.requireNonNull(executor.get()).execute(run::countDown);
              return null;
            }
            return super.poll();
          }
        };
    executor.set(new CallbackExecutor("last", LONG, tasks));
    Objects.requireNonNull(executor.get()).execute(run::countDown);
    assertThat(run.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void threadsWithoutWorkEndAndOthersTakeTheirPlace() throws Exception {
    CallbackExecutor executor = new CallbackExecutor("idle", Duration.ofMillis(1));
    for (int round = 0; round < 3; round++) {
      run(executor, () -> {});
      await().until(() -> threads.stream().noneMatch(Thread::isAlive));
    }
    assertThat(threads).hasSize(3);
  }

  @Test
  void whatACallbackThrowsOrLeavesBehindIsNotTheNextOnes() throws Exception {
    CallbackExecutor executor = new CallbackExecutor("thrown", LONG);
    CountDownLatch thrown = new CountDownLatch(1);
    executor.execute(
        () -> {
          Thread.currentThread().setUncaughtExceptionHandler((who, why) -> thrown.countDown());
          throw new IllegalStateException("a callback's own");
        });
    assertThat(thrown.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    for (int round = 0; round < 1_000; round++) {
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      executor.execute(() -> Thread.currentThread().interrupt());
      // Mostly the same thread takes it.
      executor.execute(() -> interrupted.complete(Thread.currentThread().isInterrupted()));
      assertThat(interrupted.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isFalse();
    }
    // A thread that was interrupted is still one that waits.
    run(executor, () -> Thread.currentThread().interrupt());
    run(executor, () -> {});
  }

  private void run(CallbackExecutor executor, Runnable callback) throws Exception {
    CompletableFuture<Void> over = new CompletableFuture<>();
    executor.execute(
        () -> {
          threads.add(Thread.currentThread());
          try {
            callback.run();
            over.complete(null);
          } catch (Throwable e) {
            over.completeExceptionally(e);
          }
        });
    over.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertThat(latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
