package dev.holdfast.bench.sessions;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;

/** A client with one stream of numbered messages; the server answers each with its number. */
interface Device {
  /** Opens the stream on a channel, without waiting for the server. */
  void open(Channel channel);

  /** Sends a message with the next number. */
  void send();

  /** The message with a number. */
  static EchoRequest message(long number) {
    byte[] bytes = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    return EchoRequest.newBuilder().setPayload(ByteString.copyFrom(bytes)).build();
  }

  /** The number that an answer says back. */
  static long number(EchoReply reply) {
    return reply.getPayload().asReadOnlyByteBuffer().getLong();
  }

  /** The number in the payload of a message or an answer. */
  static long number(byte[] payload) {
    return ByteBuffer.wrap(payload).getLong();
  }

  /** Counters of all devices of a process; they are read while the devices work. */
  final class DeviceTally {
    final LongAdder sent = new LongAdder();
    final LongAdder heard = new LongAdder();
    final LongAdder duplicated = new LongAdder();
    final LongAdder reordered = new LongAdder();
    final LongAdder ended = new LongAdder();

    /**
     * Counts an answer.
     *
     * @param last the highest number that was answered before
     * @return the highest number that is answered now
     */
    long onAnswer(long number, long last) {
      if (number <= last) {
        duplicated.increment();
        return last;
      }
      reordered.add(number > last + 1 ? 1 : 0);
      heard.increment();
      return number;
    }

    DeliveryCounts count() {
      // Answers are read first: there may not be more of them than messages.
      long answers = heard.sum();
      return new DeliveryCounts(
          sent.sum(), answers, duplicated.sum(), reordered.sum(), ended.sum());
    }
  }
}
