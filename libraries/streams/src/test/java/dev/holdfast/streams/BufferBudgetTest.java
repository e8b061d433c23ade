package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.wire.Handshake;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How sessions share the bytes that a process has for all of them. */
class BufferBudgetTest {
  private static final long LIMIT_BYTES = 256L << 20;
  private static final Payload MESSAGE = Payload.of(new byte[4 << 10]);
  private static final SessionOptions OPTIONS = SessionOptions.DEFAULT;

  /** A share of the reserve doubles with each: from one message to 128. */
  private static final int ROUND_TRIPS = 8;

  /** A 64th of what is left of the reserve when 24 have as much. */
  private static final int SHARE_MESSAGES = 128;

  private final BufferBudget budget = new BufferBudget(LIMIT_BYTES);

  @Test
  void subscribersThatReadNothingLeaveTheReserveToThoseThatRead() {
    BufferBudget small = new BufferBudget(100L << 20);
    for (int i = 0; i < 1_024; i++) {
      fill(outbox(small));
    }
    for (int i = 0; i < 24; i++) {
      Outbox attached = outbox(small);
      for (int trip = 0; trip < ROUND_TRIPS; trip++) {
        fill(attached);
        acknowledge(attached);
      }
      fill(attached);
      assertThat(attached.heldBytes())
          .as("session %d", i)
          .isGreaterThanOrEqualTo((long) SHARE_MESSAGES * MESSAGE.sizeBytes());
    }
    assertThat(small.heldBytes()).isLessThanOrEqualTo(small.limitBytes());
  }

  @Test
  void handlersThatProcessNothingLeaveCreditToOneThatDoes() {
    BufferBudget small = new BufferBudget(64L * MESSAGE.sizeBytes());
    small.take(small.limitBytes() / 2);
    Inbox inbox = inbox(small);
    inbox.request(2);
    inbox.receive(1, 0, 0, MESSAGE);
    assertThat(inbox.wantsMore()).isFalse();
    assertThat(inbox.credit()).isEqualTo(Handshake.INITIAL_CREDIT);

    inbox.deliver(false);
    inbox.processed(1);

    assertThat(inbox.wantsMore()).isTrue();
    assertThat(inbox.credit()).isGreaterThan(Handshake.INITIAL_CREDIT);
  }

  @Test
  void aDetachedSessionTakesNothingOfWhatIsReserved() {
    BufferBudget small = new BufferBudget(1L << 20);
    small.take(small.limitBytes() / 2);
    Outbox read = outbox(small);
    for (int i = 0; i < ROUND_TRIPS; i++) {
      fill(read);
      acknowledge(read);
    }
    read.onState(SessionState.DETACHED);
    fill(read);

    assertThat(read.heldBytes()).isEqualTo(MESSAGE.sizeBytes());
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
    Inbox inbox = inbox(budget);
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
  void aReceiverAboveItsShareReadsOneAtATime() {
    BufferBudget small = new BufferBudget(64L * MESSAGE.sizeBytes());
    small.take(63L * MESSAGE.sizeBytes());
    Inbox inbox = inbox(small);
    assertThat(inbox.wantsMore()).isTrue();

    inbox.receive(1, 0, 0, MESSAGE);
    assertThat(inbox.wantsMore()).as("it waits").isFalse();

    inbox.request(1);
    inbox.deliver(false);
    assertThat(inbox.wantsMore()).as("its handler has it").isFalse();

    inbox.processed(1);
    assertThat(inbox.wantsMore()).as("it was processed").isTrue();
  }

  private static Inbox inbox(BufferBudget of) {
    Inbox inbox = new Inbox(OPTIONS.receiveMessages(), OPTIONS.receiveBytes());
    inbox.limitBy(of);
    return inbox;
  }

  private static void acknowledge(Outbox outbox) {
    outbox.onSent(outbox.end());
    assertThat(outbox.ack(outbox.end())).isTrue();
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
