package dev.holdfast.streams;

import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A request of a durable session to its {@link SessionStore}; a session has at most one pending.
 */
public sealed interface StoreRequest {
  SessionId id();

  /** The fence: nothing is written when the record has a higher one. */
  long attach();

  /** The instance that asks; unique for each start of a process. */
  String owner();

  /** The least time from now for which the record is to be kept. */
  Duration keep();

  /**
   * Take the session over for an attachment.
   *
   * @param caller who asks; a record of another one counts as none
   * @param fresh what to begin with when there is no record; empty when there must be one
   */
  record Claim(
      SessionId id,
      long attach,
      String owner,
      SessionRecord.Caller caller,
      Optional<SessionRecord> fresh,
      Duration keep)
      implements StoreRequest {}

  /**
   * Write what was processed and what is to be sent, in one step. Nothing may be new in it: then it
   * only keeps the record.
   *
   * @param version of the record that this changes
   * @param processed the new watermark of the client's positions
   * @param acked the client has processed so much of the server's; lower positions are dropped
   * @param appended new positions of the server, in order
   * @param over the session has ended
   */
  record Save(
      SessionId id,
      long attach,
      String owner,
      long version,
      long processed,
      long acked,
      List<SequencedMessage> appended,
      boolean halfClosed,
      boolean over,
      Duration keep)
      implements StoreRequest {

    public Save {
      appended = List.copyOf(appended);
    }
  }
}
