package dev.holdfast.bench;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One stream whose messages are numbered; the server says each number back. Answers in order, each
 * once, show that the server got the messages so as well.
 */
final class Device implements StreamObserver<EchoReply> {
  private final Runnable onAnswer;
  private @Nullable ClientCallStreamObserver<EchoRequest> requests;

  // Guarded by this.
  private long sent;
  private long last;
  private long heard;
  private long duplicated;
  private long reordered;
  private boolean ended;

  /**
   * @param onAnswer after each answer, and when the stream ends
   */
  Device(Runnable onAnswer) {
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
        duplicated++;
      } else {
        reordered += number > last + 1 ? 1 : 0;
        last = number;
        heard++;
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
      ended = true;
    }
    onAnswer.run();
  }

  synchronized DeviceCount count() {
    return new DeviceCount(sent, heard, duplicated, reordered, ended ? 1 : 0);
  }
}
