package dev.holdfast.streams.rehearsal;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The receiving transport of one end of a call: what arrived, in order. A message waits in it until
 * the session asks for one; all else, like headers and the end, waits only for what came before it.
 */
final class UnreadMessages {
  private record Arrival(boolean isMessage, Runnable action) {}

  private final VirtualTime time;
  private final Deque<Arrival> waiting = new ArrayDeque<>();
  private int permits;
  private final Runnable onStop;
  private boolean readsAll;

  /**
   * @param onStop called when a message comes that must wait
   */
  UnreadMessages(VirtualTime time, Runnable onStop) {
    this.time = time;
    this.onStop = onStop;
  }

  /** A message comes. */
  void message(Runnable action) {
    waiting.add(new Arrival(true, action));
    read();
  }

  /** Something else comes. */
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
