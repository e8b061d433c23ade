package dev.holdfast.gateway.cluster;

import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A FIFO queue of pending calls with a limit. Calls that ended are dropped when they are met.
 * Confined to the event loop of its pool or cluster, which assert it.
 */
final class PendingCallQueue<L extends PooledConnection> {
  private final ArrayDeque<PendingCall<L>> calls = new ArrayDeque<>(0);

  /**
   * Queues a call behind the others.
   *
   * @param most calls in the queue
   * @return false when the queue is full
   */
  boolean add(PendingCall<L> call, int most) {
    if (calls.size() >= most) {
      calls.removeIf(PendingCall::isOver);
    }
    return calls.size() < most && calls.add(call);
  }

  /** The first call that has not ended, without removing it; null for none. */
  @Nullable PendingCall<L> peek() {
    PendingCall<L> first = calls.peek();
    while (first != null && first.isOver()) {
      calls.remove();
      first = calls.peek();
    }
    return first;
  }

  /** Removes the first call of the queue. */
  void remove() {
    calls.remove();
  }

  boolean isEmpty() {
    return calls.isEmpty();
  }

  int size() {
    return calls.size();
  }

  /**
   * Empties the queue and returns its calls, without those that have ended.
   *
   * @return the calls that have not ended
   */
  List<PendingCall<L>> drain() {
    List<PendingCall<L>> all = calls.stream().filter(call -> !call.isOver()).toList();
    calls.clear();
    return all;
  }

  /** Empties the queue and fails its calls. */
  void refuse(String endpoint, String why, boolean again) {
    drain().forEach(call -> call.onNoConnection(endpoint, why, again));
  }
}
