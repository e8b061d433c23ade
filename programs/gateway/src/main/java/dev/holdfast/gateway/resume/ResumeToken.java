package dev.holdfast.gateway.resume;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The place in a resumable stream from which a reader goes on, as it stands in the id of an event:
 * {@code SESSION.POSITION}, or {@code SESSION.POSITION.superseded} where another reader took the
 * stream over.
 *
 * @param session the id of the stream: 128 random bits in base64url, a secret
 * @param after the position of the last message that the reader has
 * @param superseded whether the reader was told that another one took over
 */
public record ResumeToken(String session, long after, boolean superseded) {
  private static final int SESSION_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String SUPERSEDED = ".superseded";

  /** Positions of 18 digits at most, so that a long holds them. */
  private static final Pattern POSITION = Pattern.compile("0|[1-9][0-9]{0,17}");

  private static final Pattern SESSION = Pattern.compile("[A-Za-z0-9_-]{22}");
  private static final Pattern EVENT =
      Pattern.compile("([A-Za-z0-9_-]{22})\\.(0|[1-9][0-9]{0,17})(\\.superseded)?");

  /** A new id of a stream. */
  static String newSession() {
    byte[] bytes = new byte[SESSION_BYTES];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Parses the id of an event.
   *
   * @throws RequestRefusedException 400 for any other text
   */
  public static ResumeToken ofEvent(String text) {
    Matcher matcher = EVENT.matcher(text);
    if (!matcher.matches()) {
      // The text is not repeated: it may be half of a secret.
      throw RequestRefusedException.badRequest(
          "last-event-id: "
              + text.length()
              + " characters (expected: the id of an event of this gateway)");
    }
    return new ResumeToken(
        matcher.group(1), Long.parseLong(matcher.group(2)), matcher.group(3) != null);
  }

  /**
   * Parses the parameters of a WebSocket.
   *
   * @throws RequestRefusedException 400 for any other text
   */
  public static ResumeToken ofParameters(String session, String after) {
    if (!SESSION.matcher(session).matches()) {
      throw RequestRefusedException.badRequest(
          "@session: "
              + session.length()
              + " characters (expected: new, or the id that the gateway sent)");
    }
    if (!POSITION.matcher(after).matches()) {
      throw RequestRefusedException.badRequest(
          "@after: "
              + (after.isEmpty() ? "none" : after)
              + " (expected: the number of messages that were received)");
    }
    return new ResumeToken(session, Long.parseLong(after), false);
  }

  /** The id of an event. */
  String eventId() {
    return session + "." + after + (superseded ? SUPERSEDED : "");
  }
}
