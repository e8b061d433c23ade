package dev.holdfast.gateway.frontend.websocket;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The message {@code {"@ack": N}}: the client has processed the first N messages of a stream. */
final class SocketAcknowledgement {
  /** The beginning of all forms, which no message has: no field is called so. */
  private static final byte[] START = "{\"@ack\":".getBytes(StandardCharsets.UTF_8);

  @Limit(of = "characters of an acknowledgement on a WebSocket", then = "the socket ends")
  private static final int MAX_CHARS = 64;

  private static final Pattern WHOLE = Pattern.compile("\\{\"@ack\":\\s*(0|[1-9][0-9]{0,17})\\s*}");

  private SocketAcknowledgement() {}

  /** Whether a message is meant to be an acknowledgement. */
  static boolean isOne(byte[] bytes, int offset, int length) {
    return length >= START.length
        && Arrays.equals(bytes, offset, offset + START.length, START, 0, START.length);
  }

  /**
   * The position of an acknowledgement.
   *
   * @throws RequestRefusedException for anything but a number
   */
  static long position(byte[] bytes, int offset, int length) {
    String text = new String(bytes, offset, Math.min(length, MAX_CHARS), StandardCharsets.UTF_8);
    Matcher matcher = WHOLE.matcher(text);
    if (length > MAX_CHARS || !matcher.matches()) {
      throw RequestRefusedException.badRequest(
          text + " (expected: {\"@ack\":N} with the number of messages that were processed)");
    }
    return Long.parseLong(matcher.group(1));
  }
}
