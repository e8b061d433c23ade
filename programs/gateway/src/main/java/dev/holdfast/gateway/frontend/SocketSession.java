package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.resume.ResumeToken;
import dev.holdfast.transcoding.status.RequestRefusedException;
import org.jspecify.annotations.Nullable;

/**
 * The session that a WebSocket asks for in its query: {@code @session=new}, with {@code &@ack=true}
 * where the client acknowledges, or {@code @session=ID&@after=N}. No field of a message has such a
 * name, and the parameters are no part of the call.
 *
 * @param query the rest of the query
 * @param session the value of {@code @session}; null for none
 * @param after the value of {@code @after}; empty for none
 * @param ack the value of {@code @ack}; empty for none
 */
record SocketSession(String query, @Nullable String session, String after, String ack) {
  private static final String SESSION = "@session=";
  private static final String AFTER = "@after=";
  private static final String ACK = "@ack=";
  private static final String NEW = "new";

  /** The session in a query. */
  static SocketSession of(String query) {
    if (!query.contains("session=")) {
      return new SocketSession(query, null, "", "");
    }
    StringBuilder rest = new StringBuilder(query.length());
    String session = null;
    String after = "";
    String ack = "";
    for (String each : query.split("&", -1)) {
      // As URLSearchParams of browsers write it.
      String plain = each.startsWith("%40") ? "@" + each.substring("%40".length()) : each;
      if (plain.startsWith(SESSION)) {
        session = plain.substring(SESSION.length());
      } else if (plain.startsWith(AFTER)) {
        after = plain.substring(AFTER.length());
      } else if (plain.startsWith(ACK)) {
        ack = plain.substring(ACK.length());
      } else {
        rest.append(rest.isEmpty() ? "" : "&").append(each);
      }
    }
    return session == null
        ? new SocketSession(query, null, "", "")
        : new SocketSession(rest.toString(), session, after, ack);
  }

  /**
   * Whether the client acknowledges what it has processed.
   *
   * @throws RequestRefusedException 400 for another text than {@code true}
   */
  boolean acknowledges() {
    if (!ack.isEmpty() && !ack.equals("true")) {
      throw RequestRefusedException.badRequest("@ack: " + ack + " (expected: true, or none)");
    }
    return !ack.isEmpty();
  }

  /** Whether a session is asked for. */
  boolean isAsked() {
    return session != null;
  }

  /**
   * The place to go on from; null for a new session.
   *
   * @throws RequestRefusedException 400 for any other text
   */
  @Nullable ResumeToken token() {
    String id = session == null ? "" : session;
    return id.equals(NEW) ? null : ResumeToken.ofParameters(id, after);
  }
}
