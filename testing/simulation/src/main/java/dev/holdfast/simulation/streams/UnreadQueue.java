package dev.holdfast.simulation.streams;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The receive queue of one end of a call, in order of arrival. A message waits until the session
 * requests one. Other events, like headers and the end, wait only for earlier arrivals.
 */
final class UnreadQueue {
  private record Arrival(boolean isMessage, Runnable action) {}

  private final VirtualTime time;
  private final Deque<Arrival> waiting = new ArrayDeque<>();
  private int permits;
  private final Runnable onStop;
  private boolean readsAll;

  /**
   * @param onStop called when a message comes that must wait
   */
  UnreadQueue(VirtualTime time, Runnable onStop) {
    this.time = time;
    this.onStop = onStop;
  }

  /** Adds an arrived message to the queue. */
  void message(Runnable action) {
    waiting.add(new Arrival(true, action));
    read();
  }

  /** Adds another event to the queue. */
  void event(Runnable action) {
    waiting.add(new Arrival(false, action));
    read();
  }

  /** The session asks for one message more. */
  void request() {
    permits++;
    readSoon();
  }

  /** The reader takes whatever comes. */
  void readAll() {
    readsAll = true;
    readSoon();
  }

  private void readSoon() {
    if (!waiting.isEmpty()) {
      // Not now: whoever asks is acting for its session.
      time.after(0, this::read);
    }
  }

  private void read() {
    while (!waiting.isEmpty()) {
      if (waiting.element().isMessage() && !readsAll) {
        if (permits == 0) {
          onStop.run();
          return;
        }
        permits--;
      }
      waiting.remove().action().run();
    }
  }
}
