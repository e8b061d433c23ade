package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.grpc.internal.driver.SessionAge;
import dev.holdfast.streams.session.ServerSession;
import java.time.Duration;

/**
 * A snapshot of a session for operators.
 *
 * @param id 32 hexadecimal digits, the same on both sides
 * @param peer the address of the other side, as of the last attachment; "" when there was none
 * @param principal the authenticated client, on a server; "" for nobody
 * @param method the full name of the method
 * @param state the state of the session
 * @param attempts attachments so far: the number of the newest
 * @param lastCause how the last attachment ended; "" while the first one lasts
 * @param queuedBytes bytes held here, for the peer and for the application
 * @param sent the highest position that was given to a message of this side
 * @param acked the position up to which the peer has processed them
 * @param processed the position up to which this side has processed the peer's messages
 * @param duplicates messages that came more than once and were dropped
 * @param age time since this process has the session
 * @param unchanged time since an attachment was accepted or ended
 */
public record SessionView(
    String id,
    String peer,
    String principal,
    String method,
    SessionState state,
    long attempts,
    String lastCause,
    long queuedBytes,
    long sent,
    long acked,
    long processed,
    long duplicates,
    Duration age,
    Duration unchanged) {

  /** Creates the view of a server's session. */
  static SessionView of(ServerSession session, String peer, String lastCause, SessionAge age) {
    return new SessionView(
        session.id().toString(),
        peer,
        session.caller().principal(),
        session.caller().method(),
        session.state(),
        session.attach(),
        lastCause,
        session.heldBytes(),
        session.position(),
        session.acked(),
        session.processed(),
        session.duplicates(),
        age.whole(),
        age.unchanged());
  }
}
