package dev.holdfast.hooks;

import java.util.function.Consumer;

/** A part of the process that has resumable streams, such as those of one server. Thread-safe. */
public interface StreamSource {
  /** The number of open streams; cheaper than to pass them on. */
  int openCount();

  /** Passes on the state of each open stream, in no order; called on a thread of the reader. */
  void forEachOpen(Consumer<StreamStatus> reader);
}
