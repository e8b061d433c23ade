package dev.holdfast.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.testkit.VirtualScheduler;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetriedResourceTest {
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final AtomicInteger tries = new AtomicInteger();
  private final AtomicInteger closes = new AtomicInteger();
  private boolean taken = true;

  @Test
  void whatCanNotBeOpenYetIsTriedUntilItIs() throws Exception {
    try (RetriedResource<AutoCloseable> page = page(true)) {
      assertThat(page.opened()).isEmpty();
      scheduler.advance(RetriedResource.RETRY_INTERVAL);
      assertThat(page.opened()).isEmpty();
      taken = false;
      scheduler.advance(RetriedResource.RETRY_INTERVAL);
      assertThat(page.opened()).isPresent();
      scheduler.advance(RetriedResource.RETRY_INTERVAL.multipliedBy(5));
      assertThat(tries).hasValue(3);
    }
    assertThat(closes).hasValue(1);
  }

  @Test
  void whoClosesItMeanwhileNeverHasItOpen() throws Exception {
    page(true).close();
    taken = false;
    scheduler.advance(RetriedResource.RETRY_INTERVAL);
    assertThat(tries).hasValue(1);
  }

  @Test
  void whatMustBeOpenNowIsRefused() {
    assertThatThrownBy(() -> page(false).close()).isInstanceOf(IOException.class);
    scheduler.advance(RetriedResource.RETRY_INTERVAL);
    assertThat(tries).hasValue(1);
  }

  private RetriedResource<AutoCloseable> page(boolean orLater) throws IOException {
    return RetriedResource.open(
        "page",
        () -> {
          tries.incrementAndGet();
          if (taken) {
            throw new IOException("taken");
          }
          return closes::incrementAndGet;
        },
        scheduler,
        orLater);
  }
}
