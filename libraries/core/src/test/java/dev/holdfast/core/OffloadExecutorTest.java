package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OffloadExecutorTest {
  private static final int PATIENCE_SECONDS = 60;

  @Test
  void codeOfUsersFailsOnTheThreadOfASchedulerAlone() throws Exception {
    try (SystemScheduler own = SystemScheduler.create("own")) {
      assertThat(failsOn(SystemScheduler.shared()::execute)).isTrue();
      assertThat(failsOn(own::execute)).isTrue();
    }
    assertThat(failsOn(OffloadExecutor.shared())).isFalse();
    assertThat(failsOn(Runnable::run)).isFalse();
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
