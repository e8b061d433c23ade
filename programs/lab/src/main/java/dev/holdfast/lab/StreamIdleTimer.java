package dev.holdfast.lab;

import dev.holdfast.lab.PathFaults.StreamTimeout;

/**
 * The idle timer of a {@link Flow}'s HTTP/2 streams, which ends streams that were idle for too
 * long. A stream that begins while none is open may be found up to a tenth of the timeout late.
 */
final class StreamIdleTimer {
  private static final int CHECKS_PER_TIMEOUT = 10;

  private final Flow flow;
  private final Http2Hop hop;
  private final StreamTimeout fault;
  private final long timeoutNanos;
  private long startedNanos;
  private int generation;

  StreamIdleTimer(Flow flow, Http2Hop hop, StreamTimeout fault, PathFaults faults) {
    this.flow = flow;
    this.hop = hop;
    this.fault = fault;
    timeoutNanos = faults.scaledNanos(fault.timeout());
  }

  void start(int ofGeneration) {
    generation = ofGeneration;
    startedNanos = flow.elapsedNanos();
    checkAgain();
  }

  private void look() {
    if (!flow.isCurrent(generation) || flow.state() != FlowState.OPEN) {
      return;
    }
    // What was quiet before the faults began to hold was not too long by them.
    if (flow.elapsedNanos() - startedNanos >= timeoutNanos) {
      for (int streamId : hop.takeIdleSince(flow.elapsedNanos() - timeoutNanos)) {
        flow.endStream(streamId, fault.end());
      }
    }
    checkAgain();
  }

  private void checkAgain() {
    long mostNanos = Math.max(1, timeoutNanos / CHECKS_PER_TIMEOUT);
    long since = hop.longestIdleSinceNanos();
    long waitNanos = mostNanos;
    if (since >= 0) {
      long dueNanos = Math.max(since, startedNanos) + timeoutNanos;
      waitNanos = Math.max(1, Math.min(mostNanos, dueNanos - flow.elapsedNanos()));
    }
    flow.after(waitNanos, this::look);
  }
}
