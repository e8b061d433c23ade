package dev.holdfast.streams;

import dev.holdfast.core.PureCore;

/**
 * Counts the attachments in a row that ended without progress after they had sent the same message:
 * one that somebody on the way can't take would be repeated for ever.
 */
@PureCore
final class StuckMessage {
  /** A reset of the stream alone: three of them are the limit. */
  private static final int STREAM_WEIGHT = 4;

  /** A broken connection takes all its streams, so it says less: twelve of them are the limit. */
  private static final int CONNECTION_WEIGHT = 1;

  private static final int TOO_MUCH = 3 * STREAM_WEIGHT;

  private long at;
  private int weight;

  /** An attachment ended; returns whether it was one too many. */
  boolean isLimit(StreamAttachment ended, PhysicalEnd how, Outbox outbox) {
    long head = outbox.acked() + 1;
    // Who never heard of it may have given it up before it was let in.
    if (!ended.heard || head > outbox.end() || ended.cursor <= head) {
      return false;
    }
    weight = at == head ? weight : 0;
    at = head;
    boolean connection = how.isConnection();
    weight += connection ? CONNECTION_WEIGHT : STREAM_WEIGHT;
    return weight >= TOO_MUCH;
  }
}
