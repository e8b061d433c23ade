package dev.holdfast.bench;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One stream whose messages are numbered; the server says each number back. Answers in order, each
 * once, show that the server got the messages so as well.
 */
final class Device implements StreamObserver<EchoReply> {
  /** What all devices of a process have seen; looked at while they work, at no cost to them. */
  static final class Tally {
    private final LongAdder sent = new LongAdder();
    private final LongAdder heard = new LongAdder();
    private final LongAdder duplicated = new LongAdder();
    private final LongAdder reordered = new LongAdder();
    private final LongAdder ended = new LongAdder();

    DeviceCount count() {
      // What was heard first: it may not be more than what was sent.
      long answers = heard.sum();
      return new DeviceCount(sent.sum(), answers, duplicated.sum(), reordered.sum(), ended.sum());
    }
  }

  private final Tally tally;
  private final Runnable onAnswer;
  private @Nullable ClientCallStreamObserver<EchoRequest> requests;

  // Guarded by this.
  private long sent;
  private long last;
  private boolean ended;

  /**
   * @param onAnswer after each answer, and when the stream ends
   */
  Device(Tally tally, Runnable onAnswer) {
    this.tally = tally;
    this.onAnswer = onAnswer;
  }

  void open(Channel channel) {
    requests = (ClientCallStreamObserver<EchoRequest>) EchoGrpc.newStub(channel).chat(this);
  }

  boolean isReady() {
    ClientCallStreamObserver<EchoRequest> to = requests;
    return to != null && to.isReady();
  }

  void send() {
    long number;
    StreamObserver<EchoRequest> to;
    synchronized (this) {
      to = ended ? null : requests;
      number = ++sent;
    }
    tally.sent.increment();
    if (to != null) {
      byte[] bytes = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
      to.onNext(EchoRequest.newBuilder().setPayload(ByteString.copyFrom(bytes)).build());
    }
  }

  @Override
  public void onNext(EchoReply reply) {
    long number = reply.getPayload().asReadOnlyByteBuffer().getLong();
    synchronized (this) {
      if (number <= last) {
        tally.duplicated.increment();
      } else {
        tally.reordered.add(number > last + 1 ? 1 : 0);
        last = number;
        tally.heard.increment();
      }
    }
    onAnswer.run();
  }

  @Override
  public void onError(Throwable cause) {
    onCompleted();
  }

  @Override
  public void onCompleted() {
    synchronized (this) {
      tally.ended.add(ended ? 0 : 1);
      ended = true;
    }
    onAnswer.run();
  }
}
