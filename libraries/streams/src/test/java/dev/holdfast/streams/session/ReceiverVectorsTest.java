package dev.holdfast.streams.session;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.SessionOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When the side that gets large messages acknowledges them and gives credit for more, as bytes. */
class ReceiverVectorsTest {
  private static final int ACK_BYTES = 64 << 10;
  private static final int LARGE = 1 << 20;
  private static final long BUDGET_BYTES = 256 << 20;
  private static final SessionOptions OPTIONS =
      SessionOptions.DEFAULT.withReceiveBuffer(256, 256 << 10).withTiming(DialogSteps.TIMING);

  private final BufferBudget budget = new BufferBudget(BUDGET_BYTES);
  private long seq;

  @Test
  void acksByBytesAreAsTheVectorsSay() throws IOException {
    ClientDialog dialog = ClientDialog.of(OPTIONS);
    dialog.start(Duration.ZERO);
    dialog.request(100);
    dialog.drive();
    dialog.welcome(0, 0, 256);
    // Four quarters make one ack, and one large message another.
    for (int i = 0; i < 4; i++) {
      receive(dialog, ACK_BYTES / 4);
    }
    receive(dialog, ACK_BYTES);
    // A receiver that answers each message sends the ack with its next answer.
    dialog.offer("x");
    receive(dialog, ACK_BYTES);
    dialog.offer("y");
    receive(dialog, ACK_BYTES);
    dialog.offer("z");
    // The next two are not answered: twice as many bytes, and then as in the beginning.
    receive(dialog, ACK_BYTES);
    receive(dialog, ACK_BYTES);
    receive(dialog, ACK_BYTES);
    // A small one is acknowledged by time.
    receive(dialog, 1);
    dialog.pass(Duration.ofMillis(50));

    dialog.check(
        "acks-by-bytes.json",
        "has a receive buffer of 256 KiB; processes each message at once; its tag is random");
  }

  @Test
  void acksOfAnswersAreAsTheVectorsSay() throws IOException {
    ClientDialog dialog = ClientDialog.of(SessionOptions.DEFAULT.withTiming(DialogSteps.TIMING));
    dialog.start(Duration.ZERO);
    dialog.request(100);
    dialog.drive();
    dialog.welcome(0, 0, 256);
    for (String answer : List.of("x", "y", "z")) {
      dialog.offer(answer);
      receive(dialog, LARGE);
    }
    // The next ones are not answered: an ack after two, and then after each.
    receive(dialog, LARGE);
    receive(dialog, LARGE);

    dialog.check(
        "acks-of-answers.json",
        "has a receive buffer of 8 MiB; processes each message at once; its tag is random");
  }

  @Test
  void creditBySizeIsAsTheVectorsSay() throws IOException {
    ClientDialog dialog = ClientDialog.withReads(OPTIONS, budget);
    dialog.start(Duration.ZERO);
    dialog.drive();
    dialog.welcome(0, 0, 256);
    // The application takes nothing: credit for 16 is there, and 512 KiB are read.
    for (int i = 0; i < 8; i++) {
      receive(dialog, ACK_BYTES);
    }
    dialog.take(100);
    for (int i = 8; i < 15; i++) {
      receive(dialog, ACK_BYTES);
    }
    // Its share of the process is used up by others.
    budget.take(BUDGET_BYTES);
    dialog.event("process", "buffers full");
    for (int i = 15; i < 20; i++) {
      receive(dialog, ACK_BYTES);
    }
    budget.giveBack(BUDGET_BYTES);
    dialog.event("process", "buffers free");
    receive(dialog, ACK_BYTES);
    // Larger than the buffer: two at a time.
    for (int i = 0; i < 3; i++) {
      receive(dialog, 5 * ACK_BYTES);
    }

    dialog.check(
        "credit-by-size.json",
        "has a receive buffer of 256 KiB; takes nothing at first, then processes each message at"
            + " once; its tag is random");
  }

  private void receive(ClientDialog dialog, int bytes) {
    seq++;
    byte[] body = new byte[bytes];
    Arrays.fill(body, (byte) 'a');
    dialog.frame(0, dialog.header(0, seq, 0, 0, 0), body);
  }
}
