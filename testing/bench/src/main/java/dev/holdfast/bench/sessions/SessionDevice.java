package dev.holdfast.bench.sessions;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device with a session. The server says each number back. Answers in order, each once, show that
 * the server got the messages so as well.
 */
final class SessionDevice implements Device, StreamObserver<EchoReply> {
  private static final Logger log = LoggerFactory.getLogger(SessionDevice.class);

  private final DeviceTally deviceTally;
  private final Runnable onAnswer;
  private @Nullable StreamObserver<EchoRequest> requests;

  // Guarded by this.
  private long sent;
  private long last;
  private boolean ended;

  /**
   * @param onAnswer after each answer, and when the stream ends
   */
  SessionDevice(DeviceTally deviceTally, Runnable onAnswer) {
    this.deviceTally = deviceTally;
    this.onAnswer = onAnswer;
  }

  @Override
  public void open(Channel channel) {
    // A list of servers may come late.
    requests = EchoGrpc.newStub(channel).withWaitForReady().chat(this);
  }

  @Override
  public void send() {
    long number;
    StreamObserver<EchoRequest> to;
    synchronized (this) {
      to = ended ? null : requests;
      number = ++sent;
    }
    deviceTally.sent.increment();
    if (to != null) {
      to.onNext(Device.message(number));
    }
  }

  @Override
  public void onNext(EchoReply reply) {
    synchronized (this) {
      last = deviceTally.onAnswer(Device.number(reply), last);
    }
    onAnswer.run();
  }

  @Override
  public void onError(Throwable cause) {
    end(cause.toString());
  }

  @Override
  public void onCompleted() {
    end("OK");
  }

  private void end(String how) {
    synchronized (this) {
      if (!ended && deviceTally.ended.sum() == 0) {
        // The others say the same, and there may be thousands. The level is that of what a
        // comparison prints.
        log.error("event=stream_ended first=true last_answer={} how=\"{}\"", last, how);
      }
      deviceTally.ended.add(ended ? 0 : 1);
      ended = true;
    }
    onAnswer.run();
  }
}
