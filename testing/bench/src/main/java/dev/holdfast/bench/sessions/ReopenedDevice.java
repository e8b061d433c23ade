package dev.holdfast.bench.sessions;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.core.Backoff;
import dev.holdfast.streams.SessionOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A device without a session, as an application writes it itself: after an error it opens a new
 * call, with the delays of {@link SessionOptions#DEFAULT}, and sends again each number that has no
 * answer. The server keeps nothing, so a number may be processed twice.
 */
final class ReopenedDevice implements Device {
  private final DeviceTally deviceTally;
  private final Runnable onAnswer;
  private final ScheduledExecutorService clock;

  // Guarded by this.
  private final Backoff backoff =
      new Backoff(
          SessionOptions.DEFAULT.timing().backoff(), () -> ThreadLocalRandom.current().nextLong());
  private @Nullable Channel channel;
  private @Nullable ClientCallStreamObserver<EchoRequest> requests;
  private long sent;
  private long last;

  /**
   * @param onAnswer after each answer
   * @param clock waits before a new call
   */
  ReopenedDevice(DeviceTally deviceTally, Runnable onAnswer, ScheduledExecutorService clock) {
    this.deviceTally = deviceTally;
    this.onAnswer = onAnswer;
    this.clock = clock;
  }

  @Override
  public synchronized void open(Channel channel) {
    this.channel = channel;
    call();
  }

  @Override
  public synchronized void send() {
    sent++;
    deviceTally.sent.increment();
    if (requests != null) {
      requests.onNext(Device.message(sent));
    }
  }

  private synchronized void call() {
    ClientCallStreamObserver<EchoRequest> opened =
        (ClientCallStreamObserver<EchoRequest>)
            EchoGrpc.newStub(Objects.requireNonNull(channel, "channel")).chat(new Answers());
    requests = opened;
    for (long number = last + 1; number <= sent; number++) {
      opened.onNext(Device.message(number));
    }
  }

  private synchronized void callLater() {
    requests = null;
    if (clock.isShutdown()) {
      return;
    }
    ScheduledFuture<?> unused =
        clock.schedule(this::call, backoff.next().toNanos(), TimeUnit.NANOSECONDS);
  }

  private synchronized void hear(long number) {
    backoff.reset();
    last = deviceTally.onAnswer(number, last);
  }

  /** The answers of one call. */
  private final class Answers implements StreamObserver<EchoReply> {
    @Override
    public void onNext(EchoReply reply) {
      hear(Device.number(reply));
      onAnswer.run();
    }

    @Override
    public void onError(Throwable cause) {
      callLater();
    }

    @Override
    public void onCompleted() {
      callLater();
    }
  }
}
