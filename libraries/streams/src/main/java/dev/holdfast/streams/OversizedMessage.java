package dev.holdfast.streams;

import dev.holdfast.core.PureCore;

/**
 * A counter of consecutive attachments that this side ended with RESOURCE_EXHAUSTED before the next
 * message came. They mean that the peer's next message is above the application's size limit.
 *
 * <p>A transport says the same when a peer asks it to be calmer, so once proves nothing.
 */
@PureCore
final class OversizedMessage {
  private static final int TOO_OFTEN = 3;

  private long behind = -1;
  private int times;

  /** An attachment ended; returns whether it was one too many. */
  boolean isLimit(PhysicalEnd how, long received) {
    boolean here =
        how.kind() == PhysicalEnd.Kind.STREAM && how.status() == PhysicalEnd.RESOURCE_EXHAUSTED;
    times = here && received == behind ? times + 1 : here ? 1 : 0;
    behind = received;
    return times >= TOO_OFTEN;
  }
}
