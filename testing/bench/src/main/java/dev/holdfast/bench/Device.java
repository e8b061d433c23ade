package dev.holdfast.bench;

import io.grpc.Channel;
import java.util.concurrent.atomic.LongAdder;

/** A client with one stream of numbered messages; the server answers each with its number. */
interface Device {
  /** Opens the stream on a channel, without waiting for the server. */
  void open(Channel channel);

  /** Whether a message sent now would not wait in a buffer. */
  boolean isReady();

  /** Sends a message with the next number. */
  void send();

  /** Counters of all devices of a process; they are read while the devices work. */
  final class Tally {
    final LongAdder sent = new LongAdder();
    final LongAdder heard = new LongAdder();
    final LongAdder duplicated = new LongAdder();
    final LongAdder reordered = new LongAdder();
    final LongAdder ended = new LongAdder();

    DeviceCount count() {
      // Answers are read first: there may not be more of them than messages.
      long answers = heard.sum();
      return new DeviceCount(sent.sum(), answers, duplicated.sum(), reordered.sum(), ended.sum());
    }
  }
}
