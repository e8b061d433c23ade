package dev.holdfast.gateway.gzip;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who inflates much waits, and clients alternate. */
final class InflateSchedulerTest {
  private static final long PATIENCE_SECONDS = 60;

  private final DefaultEventExecutor loop = new DefaultEventExecutor();
  private final List<String> done = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    var unused = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  @Test
  void clientsAlternateAndNoTurnHasMoreThanItsBudget() throws Exception {
    Object busy = new Object();
    Object other = new Object();
    CountDownLatch all = new CountDownLatch(4);
    loop.submit(
            () -> {
              InflateScheduler turns = InflateScheduler.of(loop);
              assertThat(turns.hasBudget()).isTrue();
              turns.charge(InflateScheduler.TURN_BYTES, 0);
              assertThat(turns.hasBudget()).isFalse();
              for (String work : List.of("a1", "a2", "a3")) {
                turns.await(busy, () -> inflate(turns, work, all));
              }
              turns.await(other, () -> inflate(turns, "b1", all));
              assertThat(done).isEmpty();
            })
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);

    assertThat(all.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(done).containsExactly("a1", "b1", "a2", "a3");
  }

  private void inflate(InflateScheduler turns, String work, CountDownLatch all) {
    assertThat(turns.hasBudget()).isTrue();
    turns.charge(InflateScheduler.TURN_BYTES, 1);
    assertThat(turns.hasBudget()).isFalse();
    done.add(work);
    all.countDown();
  }
}
