package dev.holdfast.streams.grpc;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.hooks.EndedStreamStatus;
import dev.holdfast.hooks.ProcessStreams;
import dev.holdfast.hooks.StreamStatus;
import dev.holdfast.streams.SessionEnd;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logs and meters of one side's sessions.
 *
 * <p>A lost session is logged at WARN. A session whose client stayed away or whose instance left is
 * logged at INFO, with the fields of the admin service. Attachments, each with the cause that ended
 * the previous one, are logged at DEBUG: a restarting balancer would cause one line for each of
 * 100,000 sessions. Thread-safe.
 */
enum SessionLog {
  CLIENT("client"),
  SERVER("server");

  private static final Logger log = LoggerFactory.getLogger(SessionLog.class);

  private final String side;

  SessionLog(String side) {
    this.side = side;
  }

  /** Counts and logs an attachment: begun at a client, accepted at a server. */
  void attached(MeterRegistry meters, Supplier<SessionView> session) {
    StreamMeter.ATTACHMENTS.counter(meters, side).increment();
    if (log.isDebugEnabled()) {
      log.debug("event=stream_attached {}", describe(session.get()));
    }
  }

  /** Counts and logs the end of a session on this side. */
  void ended(
      MeterRegistry meters,
      Supplier<SessionView> session,
      Supplier<StreamStatus> last,
      SessionEnd end) {
    StreamMeter.ENDED.counter(meters, side, end.kind().name()).increment();
    ProcessStreams.ended(
        () -> new EndedStreamStatus(last.get(), end.kind().name(), end.kind().isLost()));
    if (end.kind() == SessionEnd.SessionEndKind.MOVED) {
      info("event=stream_moved {}", session, end);
    } else if (this == SERVER && end.kind() == SessionEnd.SessionEndKind.LOST_EXPIRED) {
      info("event=stream_client_gone {}", session, end);
    } else if (end.kind().isLost()) {
      log.warn("event=stream_lost {}", describe(session.get(), end));
    } else if (log.isDebugEnabled()) {
      log.debug("event=stream_ended {}", describe(session.get(), end));
    }
  }

  private void info(String format, Supplier<SessionView> session, SessionEnd end) {
    if (log.isInfoEnabled()) {
      log.info(format, describe(session.get(), end));
    }
  }

  private String describe(SessionView session, SessionEnd end) {
    return "kind="
        + end.kind()
        + " "
        + describe(session)
        + " processed_by_peer="
        + end.processedByPeer()
        + " processed_here="
        + end.processedHere();
  }

  /** A link that was cut ends a thousand sessions at once: a Formatter would cost the most. */
  private String describe(SessionView session) {
    return "side="
        + side
        + " session="
        + session.id()
        + " method="
        + session.method()
        + " peer="
        + session.peer()
        + " principal=\""
        + LogEscaper.escape(session.principal())
        + "\" attempts="
        + session.attempts()
        + " last_cause=\""
        + LogEscaper.escape(session.lastCause())
        + "\"";
  }
}
