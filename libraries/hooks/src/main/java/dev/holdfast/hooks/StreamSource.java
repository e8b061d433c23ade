package dev.holdfast.hooks;

import java.util.stream.Stream;

/** A part of the process that has resumable streams, such as those of one server. Thread-safe. */
public interface StreamSource {
  /** The number of open streams; cheaper than to pass them on. */
  int openCount();

  /**
   * The states of the streams that are open now, in no order. Each is read when the reader comes to
   * it, on that thread; readers may be parallel. The number is known, so that they are split
   * evenly.
   */
  Stream<StreamStatus> open();
}
