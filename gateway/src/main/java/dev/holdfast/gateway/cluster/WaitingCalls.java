package dev.holdfast.gateway.cluster;

import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls that wait, in their order; those that are over leave when they are met. */
final class WaitingCalls<L extends Link> {
  private final ArrayDeque<Waiter<L>> calls = new ArrayDeque<>(0);

  /** One more, unless so many wait. */
  boolean add(Waiter<L> call, int most) {
    if (calls.size() >= most) {
      calls.removeIf(Waiter::isOver);
    }
    return calls.size() < most && calls.add(call);
  }

  /** The first that still wants to be answered; stays. */
  @Nullable Waiter<L> peek() {
    Waiter<L> first = calls.peek();
    while (first != null && first.isOver()) {
      calls.remove();
      first = calls.peek();
    }
    return first;
  }

  /** Takes that one out. */
  void remove() {
    calls.remove();
  }

  boolean isEmpty() {
    return calls.isEmpty();
  }

  int size() {
    return calls.size();
  }

  /** Takes out all. */
  List<Waiter<L>> drain() {
    List<Waiter<L>> all = calls.stream().filter(call -> !call.isOver()).toList();
    calls.clear();
    return all;
  }

  /** Tells all that there is none. */
  void refuse(String endpoint, String why, boolean again) {
    drain().forEach(call -> call.onNoLink(endpoint, why, again));
  }
}
