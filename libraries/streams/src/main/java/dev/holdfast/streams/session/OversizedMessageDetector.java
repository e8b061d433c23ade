package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;

/**
 * A counter of consecutive attachments that this side ended with RESOURCE_EXHAUSTED before the next
 * message came. They mean that the peer's next message is above the application's size limit.
 *
 * <p>A transport says the same when a peer asks it to be calmer, so once proves nothing.
 */
@PureCore
final class OversizedMessageDetector {
  private static final int TOO_OFTEN = 3;

  private long behind = -1;
  private int times;

  /** An attachment ended; returns whether it was one too many. */
  boolean isLimit(CallClosure how, long received) {
    boolean here =
        how.kind() == CallClosure.ClosureScope.STREAM
            && how.status() == CallClosure.RESOURCE_EXHAUSTED;
    times = here && received == behind ? times + 1 : here ? 1 : 0;
    behind = received;
    return times >= TOO_OFTEN;
  }
}
