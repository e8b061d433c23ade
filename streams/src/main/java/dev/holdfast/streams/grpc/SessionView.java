package dev.holdfast.streams.grpc;

import dev.holdfast.streams.ServerSession;
import dev.holdfast.streams.SessionState;
import java.time.Duration;

/**
 * One session as it stood when somebody looked.
 *
 * @param id 32 hexadecimal digits, the same on both sides
 * @param peer the address of the other side, as of the last attachment; "" when there was none
 * @param principal who the client is, on a server; "" for nobody
 * @param method the full name of the method
 * @param state where it stands
 * @param attempts attachments so far: the number of the newest
 * @param lastCause how the last attachment ended; "" while the first one lasts
 * @param queuedBytes what waits here, for the peer and for the application
 * @param sent the highest position that was given to a message of this side
 * @param acked up to where the peer has processed them
 * @param processed up to where this side has processed the peer's
 * @param duplicates messages that came more than once and were dropped
 * @param age since this process has the session
 * @param unchanged since an attachment was accepted or ended
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

  /** Of a server's session. */
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
