package dev.holdfast.bench.duplex;

import com.google.protobuf.BytesValue;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The sends of a stream that wait until its call is ready. Thread-safe. */
final class PendingSends {
  @Limit(of = "sends of an adapter's stream that wait", then = "the adapter ends with an error")
  private static final int MOST = 100_000;

  private final AdapterOutput out;
  private final String stream;
  private final BooleanSupplier ready;
  private final Consumer<BytesValue> sender;
  private final Deque<Runnable> pending = new ArrayDeque<>();

  PendingSends(
      AdapterOutput out, String stream, BooleanSupplier ready, Consumer<BytesValue> sender) {
    this.out = out;
    this.stream = stream;
    this.ready = ready;
    this.sender = sender;
  }

  /** Sends a message as soon as the call is ready. */
  void send(JsonLine command) {
    BytesValue message = TextMethod.message(command);
    String text = command.text("text");
    add(
        () -> {
          sender.accept(message);
          out.event("sent", "stream", stream, "text", text);
        });
  }

  /** Does something after the messages before it. */
  synchronized void add(Runnable action) {
    if (pending.size() >= MOST) {
      throw new IllegalStateException("more than " + MOST + " sends wait");
    }
    pending.add(action);
    flush();
  }

  /** Sends what waits, as long as the call is ready. */
  synchronized void flush() {
    while (!pending.isEmpty() && ready.getAsBoolean()) {
      pending.remove().run();
    }
  }
}
