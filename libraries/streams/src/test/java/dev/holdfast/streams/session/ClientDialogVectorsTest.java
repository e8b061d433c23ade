package dev.holdfast.streams.session;

import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The bytes that a client sends through a cut and at a half-open connection. */
class ClientDialogVectorsTest {
  private static final String CLIENT = "processes each message at once; tags and delays are random";

  @Test
  void aTalkThroughACutIsAsTheVectorsSay() throws IOException {
    ClientDialog dialog =
        ClientDialog.of(SessionOptions.DEFAULT.withAckEvery(16).withTiming(DialogSteps.TIMING));
    dialog.start(Duration.ofMinutes(1));
    dialog.request(9);
    dialog.offer("a");
    dialog.offer("b");
    dialog.welcome(0, 0, 256);
    dialog.offer("c");
    dialog.frame(0, dialog.header(0, 1, 1, 257, 0), "A");
    dialog.cut(0);
    dialog.untilAttachment(1);
    dialog.welcome(1, 2, 258);
    dialog.halfClose();
    dialog.frame(1, dialog.header(1, 2, 4, 0, Flag.FINAL), "");
    dialog.end(1);

    dialog.check("client-dialog.json", CLIENT);
  }

  @Test
  void aHalfOpenConnectionIsTreatedAsTheVectorsSay() throws IOException {
    SessionOptions.Timing beating =
        DialogSteps.TIMING.withHeartbeat(
            Duration.ofSeconds(10), Duration.ofSeconds(25), Duration.ofSeconds(30));
    ClientDialog dialog =
        ClientDialog.of(SessionOptions.DEFAULT.withAckEvery(16).withTiming(beating));
    dialog.start(Duration.ZERO);
    dialog.request(9);
    dialog.drive();
    dialog.welcome(0, 0, 256);
    dialog.untilAttachment(1);
    // The first one speaks again, and wins.
    FrameHeader first = dialog.header(0, 0, 0, 0, 0);
    dialog.frame(0, first, "");
    dialog.untilAttachment(2);
    dialog.welcome(2, 0, 256);
    // What the older one still brings is not read.
    dialog.frame(0, dialog.header(0, 1, 0, 0, 0), "A");
    dialog.frame(2, dialog.header(2, 1, 0, 0, 0), "A");

    dialog.check("client-half-open.json", CLIENT);
  }
}
