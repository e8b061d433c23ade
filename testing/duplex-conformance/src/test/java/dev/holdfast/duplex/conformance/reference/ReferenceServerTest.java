package dev.holdfast.duplex.conformance.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReferenceServerTest {
  private static final long HOUR_MILLIS = TimeUnit.HOURS.toMillis(1);

  private final ReferenceServer server;

  ReferenceServerTest() throws IOException {
    server =
        new ReferenceServer(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            ReferenceOptions.of(JsonLine.of("ttlMs", HOUR_MILLIS), Set.of()),
            (stream, cursor) -> {
              throw new AssertionError("no stream (expected: none)");
            });
  }

  @AfterEach
  void closeServer() {
    server.close();
  }

  /** An interrupted thread closes the channel to which it writes an event. */
  @Test
  void closeDoesNotInterruptTheActionOfATimer() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    var unused =
        server.later(
            0,
            () -> {
              begun.countDown();
              try {
                closed.await();
                interrupted.complete(Thread.interrupted());
              } catch (InterruptedException e) {
                interrupted.complete(true);
              }
            });
    begun.await();

    server.close();
    closed.countDown();

    assertThat(interrupted.get(1, TimeUnit.MINUTES)).isFalse();
  }

  /** Calls end after the server closed, and with them attachments, whose sessions would expire. */
  @Test
  void timerAfterTheCloseIsDiscarded() {
    server.close();

    assertThatCode(() -> server.later(HOUR_MILLIS, () -> {})).doesNotThrowAnyException();
  }

  @Test
  void closeCancelsTimers() {
    var timer = server.later(HOUR_MILLIS, () -> {});

    server.close();

    assertThat(timer.isCancelled()).isTrue();
  }
}
