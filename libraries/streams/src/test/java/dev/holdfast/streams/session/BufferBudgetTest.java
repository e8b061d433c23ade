package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
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
      SendBuffer attached = outbox(small);
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
    ReceiveBuffer receiveBuffer = inbox(small);
    receiveBuffer.request(2);
    receiveBuffer.receive(1, 0, 0, MESSAGE);
    assertThat(receiveBuffer.wantsMore()).isFalse();
    assertThat(receiveBuffer.credit()).isEqualTo(Handshake.INITIAL_CREDIT);

    receiveBuffer.deliver(false);
    receiveBuffer.processed(1);

    assertThat(receiveBuffer.wantsMore()).isTrue();
    assertThat(receiveBuffer.credit()).isGreaterThan(Handshake.INITIAL_CREDIT);
  }

  @Test
  void aDetachedSessionTakesNothingOfWhatIsReserved() {
    BufferBudget small = new BufferBudget(1L << 20);
    small.take(small.limitBytes() / 2);
    SendBuffer read = outbox(small);
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
    List<SendBuffer> all = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      all.add(sendBuffer());
    }
    boolean grew = true;
    while (grew) {
      grew = false;
      for (SendBuffer one : all) {
        grew |= one.isReady() && one.offer(MESSAGE);
      }
    }
    long least = all.stream().mapToLong(SendBuffer::heldBytes).min().orElseThrow();
    long most = all.stream().mapToLong(SendBuffer::heldBytes).max().orElseThrow();
    assertThat(most - least).isLessThanOrEqualTo(MESSAGE.sizeBytes());
    assertThat(budget.heldBytes()).isLessThanOrEqualTo(LIMIT_BYTES);
  }

  @Test
  void whoNeverLooksAtIsReadyIsBoundedToo() {
    int sessions = 10_000;
    for (int i = 0; i < sessions; i++) {
      SendBuffer rude = sendBuffer();
      while (rude.offer(MESSAGE)) {
        // Until it is refused.
      }
    }
    assertThat(budget.heldBytes())
        .isLessThanOrEqualTo(LIMIT_BYTES + (long) sessions * MESSAGE.sizeBytes());
  }

  @Test
  void aBufferTakesA64thOfWhatIsFree() {
    // Half is reserved, and what it takes itself is not free any more.
    long shareBytes = LIMIT_BYTES / 2 / 65;
    SendBuffer polite = wideOutbox();
    fill(polite);
    assertThat(polite.heldBytes()).isBetween(shareBytes, shareBytes + MESSAGE.sizeBytes());
    budget.giveBack(polite.heldBytes());

    SendBuffer rude = wideOutbox();
    while (rude.offer(MESSAGE)) {
      // Until it is refused.
    }

    assertThat(rude.heldBytes())
        .as("one that never looks at isReady")
        .isBetween(shareBytes, 2 * shareBytes + MESSAGE.sizeBytes());
  }

  @Test
  void whoHoldsNothingMayAlwaysTakeOne() {
    BufferBudget small = new BufferBudget(1);
    SendBuffer first = outbox(small);
    SendBuffer second = outbox(small);
    assertThat(first.offer(MESSAGE)).isTrue();
    assertThat(first.isReady()).isFalse();
    assertThat(second.isReady()).isTrue();
    assertThat(second.offer(MESSAGE)).isTrue();
    assertThat(second.offer(MESSAGE)).isFalse();
  }

  @Test
  void whatWasReceivedCountsUntilItIsProcessed() {
    ReceiveBuffer receiveBuffer = inbox(budget);
    receiveBuffer.receive(1, 0, 0, MESSAGE);
    receiveBuffer.receive(2, 0, 0, MESSAGE);
    receiveBuffer.request(2);
    receiveBuffer.deliver(false);
    receiveBuffer.deliver(false);
    assertThat(budget.heldBytes()).isEqualTo(2L * MESSAGE.sizeBytes());

    receiveBuffer.processed(1);
    assertThat(budget.heldBytes()).isEqualTo(MESSAGE.sizeBytes());

    receiveBuffer.clear();
    assertThat(budget.heldBytes()).isZero();
    receiveBuffer.processed(2);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aReceiverAboveItsShareReadsOneAtATime() {
    BufferBudget small = new BufferBudget(64L * MESSAGE.sizeBytes());
    small.take(63L * MESSAGE.sizeBytes());
    ReceiveBuffer receiveBuffer = inbox(small);
    assertThat(receiveBuffer.wantsMore()).isTrue();

    receiveBuffer.receive(1, 0, 0, MESSAGE);
    assertThat(receiveBuffer.wantsMore()).as("it waits").isFalse();

    receiveBuffer.request(1);
    receiveBuffer.deliver(false);
    assertThat(receiveBuffer.wantsMore()).as("its handler has it").isFalse();

    receiveBuffer.processed(1);
    assertThat(receiveBuffer.wantsMore()).as("it was processed").isTrue();
  }

  private static ReceiveBuffer inbox(BufferBudget of) {
    ReceiveBuffer receiveBuffer =
        new ReceiveBuffer(OPTIONS.receiveMessages(), OPTIONS.receiveBytes());
    receiveBuffer.limitBy(of);
    return receiveBuffer;
  }

  private static void acknowledge(SendBuffer sendBuffer) {
    sendBuffer.onSent(sendBuffer.end());
    assertThat(sendBuffer.ack(sendBuffer.end())).isTrue();
  }

  private SendBuffer sendBuffer() {
    return outbox(budget);
  }

  private static SendBuffer outbox(BufferBudget of) {
    SendBuffer sendBuffer = new SendBuffer(OPTIONS.sendMessages(), OPTIONS.sendBytes());
    sendBuffer.limitBy(of);
    return sendBuffer;
  }

  /** A buffer whose own limits are far away. */
  private SendBuffer wideOutbox() {
    SendBuffer sendBuffer = new SendBuffer(1_000_000, LIMIT_BYTES);
    sendBuffer.limitBy(budget);
    return sendBuffer;
  }

  private static void fill(SendBuffer sendBuffer) {
    while (sendBuffer.isReady()) {
      assertThat(sendBuffer.offer(MESSAGE)).isTrue();
    }
  }
}
