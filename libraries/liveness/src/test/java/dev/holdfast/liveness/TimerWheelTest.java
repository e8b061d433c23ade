package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.liveness.TimerWheel.Timer;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The timers of an event loop. */
class TimerWheelTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final EventLoop loop = group.next();

  @AfterEach
  void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void timersFireInOrderAndNeverBeforeTheirTime() {
    Queue<Integer> fired = new ConcurrentLinkedQueue<>();
    AtomicLong early = new AtomicLong();
    onLoop(
        () -> {
          // Its ticks begin now: what was due before that would have no order.
          TimerWheel wheel = TimerWheel.of(loop);
          long nowNanos = System.nanoTime();
          for (int millis : new int[] {300, 100, 200}) {
            long atNanos = nowNanos + Duration.ofMillis(millis).toNanos();
            Timer timer =
                timer(
                    () -> {
                      fired.add(millis);
                      if (System.nanoTime() - atNanos < 0) {
                        early.incrementAndGet();
                      }
                    });
            wheel.fireBy(timer, atNanos);
          }
        });
    await().until(() -> fired.size() == 3);
    assertThat(fired).containsExactly(100, 200, 300);
    assertThat(early).hasValue(0);
    onLoop(() -> assertThat(TimerWheel.of(loop).size()).isZero());
  }

  @Test
  void aTimerMayBeMovedForwardAndCancelledAndMayCancelItsNeighbours() {
    Queue<String> fired = new ConcurrentLinkedQueue<>();
    List<Timer> timers = new ArrayList<>();
    onLoop(
        () -> {
          TimerWheel wheel = TimerWheel.of(loop);
          long soonNanos = System.nanoTime() + Duration.ofMillis(60).toNanos();
          Timer moved = timer(() -> fired.add("moved"));
          wheel.fireBy(moved, soonNanos + Duration.ofHours(1).toNanos());
          wheel.fireBy(moved, soonNanos);
          for (int i = 0; i < 10; i++) {
            Timer timer =
                timer(
                    () -> {
                      fired.add("first");
                      timers.forEach(wheel::cancel);
                    });
            timers.add(timer);
            wheel.fireBy(timer, soonNanos);
          }
          wheel.fireBy(timer(() -> fired.add("last")), soonNanos);
        });
    await().until(() -> fired.contains("last"));
    assertThat(fired).containsExactly("moved", "first", "last");
  }

  /** Their time stood still meanwhile, so that all of them are due later than they should be. */
  @Test
  void aSleepOfTheMachineFiresTimersThatAreFarAway() {
    AtomicLong wallMillis = new AtomicLong(System.currentTimeMillis());
    SleepDetector sleep = new SleepDetector(wallMillis::get, System.nanoTime());
    Queue<Integer> fired = new ConcurrentLinkedQueue<>();
    onLoop(
        () -> {
          TimerWheel wheel = TimerWheel.of(loop);
          wheel.follow(sleep);
          for (int minutes = 1; minutes <= 100; minutes++) {
            int number = minutes;
            wheel.fireBy(
                timer(() -> fired.add(number)),
                System.nanoTime() + Duration.ofMinutes(minutes).toNanos());
          }
        });
    assertThat(fired).isEmpty();
    wallMillis.addAndGet(Duration.ofHours(8).toMillis());
    await().atMost(Duration.ofSeconds(30)).until(() -> fired.size() == 100);
    onLoop(() -> assertThat(TimerWheel.of(loop).size()).isZero());
  }

  @Test
  void farTimersWaitAndFiveThousandOfThemNeedOneTask() {
    onLoop(
        () -> {
          TimerWheel wheel = TimerWheel.of(loop);
          long farNanos = System.nanoTime() + Duration.ofMinutes(5).toNanos();
          for (int i = 0; i < 5_000; i++) {
            wheel.fireBy(timer(() -> {}), farNanos);
          }
          assertThat(wheel.size()).isEqualTo(5_000);
        });
    assertThat(group.iterator().next()).isSameAs(loop);
  }

  private static Timer timer(Runnable task) {
    return new Timer() {
      @Override
      void fire() {
        task.run();
      }
    };
  }

  private void onLoop(Runnable task) {
    loop.submit(task).syncUninterruptibly();
  }
}
