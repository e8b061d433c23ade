package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.session.SessionTable.Admission;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** When a server asks its transport for two messages at a time, and what it may get by that. */
class AskingAheadTest {
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final SessionTokenIssuer MINT = new SessionTokenIssuer(new byte[16]);
  private static final long RAPID = Duration.ofNanos(50_000).toNanos();
  private static final long SLOW = Duration.ofMillis(1).toNanos();
  private static final int LARGEST = 4 << 20;

  /** Room for two that are asked for ahead. */
  private final BufferBudget budget = new BufferBudget(8L * LARGEST);

  private final SessionTable sessions = sessions();
  private long now;

  AskingAheadTest() {
    sessions.limitBy(budget);
  }

  @Test
  void whereSmallMessagesFollowEachOtherAtOnceASecondOneIsAskedFor() {
    Stream stream = new Stream(1);
    assertThat(stream.asked()).isEqualTo(1);
    stream.message(SLOW, 100);
    assertThat(stream.asked()).isEqualTo(1);
    stream.message(RAPID, 100);
    assertThat(stream.asked()).isEqualTo(2);
    assertThat(budget.aheadBytes()).isEqualTo(LARGEST);
    stream.message(RAPID, 100);
    assertThat(stream.asked()).isEqualTo(2);

    stream.message(SLOW, 100);
    assertThat(stream.asked()).as("the second one came").isEqualTo(1);
    assertThat(budget.aheadBytes()).isZero();
  }

  @Test
  void largeMessagesAreAskedForOneByOne() {
    Stream stream = new Stream(1);
    stream.message(SLOW, 100);
    stream.message(RAPID, 20_000);
    assertThat(stream.asked()).isEqualTo(1);
    for (int i = 0; i < 3; i++) {
      stream.message(RAPID, 100);
      assertThat(stream.asked()).as("one of late was large").isEqualTo(1);
    }
  }

  @Test
  void soManyAsAPartOfTheBudgetIfAllOfThemWereLarge() {
    List<Stream> streams = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      Stream stream = new Stream(i);
      stream.message(RAPID, 100);
      stream.message(RAPID, 100);
      streams.add(stream);
    }
    assertThat(streams.stream().map(Stream::asked)).containsExactly(2, 2, 1, 1, 1);
    assertThat(budget.aheadBytes()).isEqualTo(budget.limitBytes() / BufferBudget.AHEAD_PART);

    // What comes then counts as what it is, and nothing more is asked for ahead.
    streams.get(0).message(RAPID, LARGEST);
    streams.get(1).message(RAPID, LARGEST);
    assertThat(budget.aheadBytes()).isZero();
    assertThat(budget.heldBytes()).isBetween(2L * LARGEST, 2L * LARGEST + 2_000);
  }

  @Test
  void whatOthersHoldLeavesNoRoomForIt() {
    budget.take(budget.limitBytes());
    Stream stream = new Stream(1);
    stream.message(RAPID, 100);
    stream.processed(1);
    stream.message(RAPID, 100);
    stream.processed(2);
    assertThat(stream.asked()).isEqualTo(1);
    assertThat(budget.aheadBytes()).isZero();
  }

  @Test
  void anAttachmentThatIsReplacedOrGoneKeepsNothingOfTheBudget() {
    Stream replaced = new Stream(1);
    replaced.message(RAPID, 100);
    replaced.message(RAPID, 100);
    assertThat(budget.aheadBytes()).isEqualTo(LARGEST);
    replaced.attach(2);
    assertThat(budget.aheadBytes()).isZero();

    Stream gone = new Stream(2);
    gone.message(RAPID, 100);
    gone.message(RAPID, 100);
    assertThat(budget.aheadBytes()).isEqualTo(LARGEST);
    gone.session.onClosed(now, gone.attachment, CallClosure.connection());
    gone.drive();
    assertThat(budget.aheadBytes()).isZero();

    Stream ended = new Stream(3);
    ended.message(RAPID, 100);
    ended.message(RAPID, 100);
    assertThat(budget.aheadBytes()).isEqualTo(LARGEST);
    FrameHeader cancel = FrameHeader.control(7, 0, 0, Flag.CANCEL);
    ended.session.onFrame(now, ended.attachment, cancel, Payload.EMPTY);
    ended.drive();
    assertThat(budget.aheadBytes()).isZero();
  }

  /** A session and the number of messages that its transport was asked for. */
  private final class Stream {
    private final long id;
    private StreamAttachment attachment;
    private final ServerSession session;
    private int requests;
    private int messages;

    Stream(long id) {
      this.id = id;
      this.attachment = new StreamAttachment(1, 7, now);
      Hello hello = new Hello(new SessionId(id, id), 1, 7, 0, 1, 9, 0, true, SessionToken.NONE);
      Admission admission = sessions.onHello(now, attachment, hello, CALLER);
      session = ((Admission.Admitted) admission).session();
      session.request(100);
      drive();
    }

    /** The client comes back on another call. */
    void attach(long number) {
      attachment = new StreamAttachment(number, 7, now);
      SessionId of = new SessionId(id, id);
      SessionToken token = MINT.issue(of, CALLER.principal(), CALLER.method(), "a:1");
      Hello hello = new Hello(of, number, 7, 0, 1, 9, 0, true, token);
      assertThat(sessions.onHello(now, attachment, hello, CALLER))
          .isInstanceOf(Admission.Admitted.class);
      drive();
    }

    void message(long afterNanos, int sizeBytes) {
      now += afterNanos;
      messages++;
      session.onFrame(
          now,
          attachment,
          new FrameHeader(7, messages, 0, 0, 0, 0, 0, 0),
          Payload.of(new byte[sizeBytes]));
      drive();
    }

    void processed(int upTo) {
      session.processed(now, upTo);
      drive();
    }

    /** Asked for and not come. */
    int asked() {
      return requests - messages;
    }

    void drive() {
      for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
        if (out instanceof SessionOutput.Request) {
          requests++;
        }
      }
    }
  }

  private static SessionTable sessions() {
    return new SessionTable(
        new SessionTable.ServerIdentity("this start", "a:1", 100),
        MINT,
        SessionOptions.DEFAULT,
        SessionRules.STANDARD,
        new SplittableRandom(3));
  }
}
