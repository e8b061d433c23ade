package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How sessions share the bytes that a process has for all of them. */
class BufferBudgetTest {
  private static final long LIMIT_BYTES = 256L << 20;
  private static final Payload MESSAGE = Payload.of(new byte[4 << 10]);
  private static final SessionOptions OPTIONS = SessionOptions.DEFAULT;

  private final BufferBudget budget = new BufferBudget(LIMIT_BYTES);

  @Test
  void aThousandDetachedSubscribersLeaveRoomForThoseThatAreAttached() {
    for (int i = 0; i < 1_024; i++) {
      fill(outbox());
    }
    assertThat(budget.heldBytes()).isLessThanOrEqualTo(LIMIT_BYTES);

    for (int i = 0; i < 100; i++) {
      Outbox attached = outbox();
      fill(attached);
      assertThat(attached.heldBytes()).as("session %d", i).isGreaterThanOrEqualTo(16 << 10);
    }
  }

  @Test
  void greedySessionsEndUpWithAboutTheSame() {
    List<Outbox> all = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      all.add(outbox());
    }
    boolean grew = true;
    while (grew) {
      grew = false;
      for (Outbox one : all) {
        grew |= one.isReady() && one.offer(MESSAGE);
      }
    }
    long least = all.stream().mapToLong(Outbox::heldBytes).min().orElseThrow();
    long most = all.stream().mapToLong(Outbox::heldBytes).max().orElseThrow();
    assertThat(most - least).isLessThanOrEqualTo(MESSAGE.sizeBytes());
    assertThat(budget.heldBytes()).isLessThanOrEqualTo(LIMIT_BYTES);
  }

  @Test
  void whoNeverLooksAtIsReadyIsBoundedToo() {
    int sessions = 10_000;
    for (int i = 0; i < sessions; i++) {
      Outbox rude = outbox();
      while (rude.offer(MESSAGE)) {
        // Until it is refused.
      }
    }
    assertThat(budget.heldBytes())
        .isLessThanOrEqualTo(LIMIT_BYTES + (long) sessions * MESSAGE.sizeBytes());
  }

  @Test
  void whoHoldsNothingMayAlwaysTakeOne() {
    BufferBudget small = new BufferBudget(1);
    Outbox first = outbox(small);
    Outbox second = outbox(small);
    assertThat(first.offer(MESSAGE)).isTrue();
    assertThat(first.isReady()).isFalse();
    assertThat(second.isReady()).isTrue();
    assertThat(second.offer(MESSAGE)).isTrue();
    assertThat(second.offer(MESSAGE)).isFalse();
  }

  @Test
  void whatWasReceivedCountsUntilItIsProcessed() {
    Inbox inbox = new Inbox(OPTIONS.receiveMessages(), OPTIONS.receiveBytes());
    inbox.limitBy(budget);
    inbox.receive(1, 0, 0, MESSAGE);
    inbox.receive(2, 0, 0, MESSAGE);
    inbox.request(2);
    inbox.deliver(false);
    inbox.deliver(false);
    assertThat(budget.heldBytes()).isEqualTo(2L * MESSAGE.sizeBytes());

    inbox.processed(1);
    assertThat(budget.heldBytes()).isEqualTo(MESSAGE.sizeBytes());

    inbox.clear();
    assertThat(budget.heldBytes()).isZero();
    inbox.processed(2);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aReceiverAboveItsShareReadsNoMoreThanOneThatWaits() {
    BufferBudget small = new BufferBudget(64L * MESSAGE.sizeBytes());
    small.take(63L * MESSAGE.sizeBytes());
    Inbox inbox = new Inbox(OPTIONS.receiveMessages(), OPTIONS.receiveBytes());
    inbox.limitBy(small);
    assertThat(inbox.wantsMore()).isTrue();

    inbox.receive(1, 0, 0, MESSAGE);

    assertThat(inbox.wantsMore()).isFalse();
  }

  private Outbox outbox() {
    return outbox(budget);
  }

  private static Outbox outbox(BufferBudget of) {
    Outbox outbox = new Outbox(OPTIONS.sendMessages(), OPTIONS.sendBytes());
    outbox.limitBy(of);
    return outbox;
  }

  private static void fill(Outbox outbox) {
    while (outbox.isReady()) {
      assertThat(outbox.offer(MESSAGE)).isTrue();
    }
  }
}
