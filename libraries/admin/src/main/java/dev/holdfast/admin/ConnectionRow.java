package dev.holdfast.admin;

import dev.holdfast.core.CloseReason;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connection at one moment, or at its end.
 *
 * @param id counts the connections of the process
 * @param server whether this process is the server
 * @param service the service that a client's channel calls; "" at a server
 * @param protocol such as {@code h2}
 * @param openedMillis since 1970
 * @param agent the user-agent of the peer; "" when unknown
 * @param end the end; null while the connection is open
 */
record ConnectionRow(
    long id,
    boolean server,
    String service,
    String peer,
    String local,
    String protocol,
    long openedMillis,
    String agent,
    boolean suspect,
    long ageMillis,
    @Nullable ConnectionEnd end) {

  /**
   * The end of a connection.
   *
   * @param millis since 1970
   * @param reason empty where nothing watched the connection
   * @param evidence what kernel and socket said; "" for nothing
   */
  record ConnectionEnd(long millis, Optional<CloseReason> reason, String evidence) {}

  String role() {
    return server ? "server" : "client";
  }

  /** Milliseconds since 1970; 0 while the connection is open. */
  long closedMillis() {
    return end == null ? 0 : end.millis();
  }

  /** The code of the close reason, such as HF-405; "" while there is none. */
  String code() {
    return end == null ? "" : end.reason().map(CloseReason::code).orElse("");
  }
}
