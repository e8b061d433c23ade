package dev.holdfast.matrix;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bidirectional stream that stays open without a deadline, as the streams of control planes do.
 */
final class HeldStream {
  /** An event of the stream: a message, or its end when the status is not null. */
  private record Heard(@Nullable Status end) {}

  private final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
  private final ClientCall<BytesValue, BytesValue> call;
  private final StreamObserver<BytesValue> requests;

  HeldStream(ManagedChannel channel) {
    call = channel.newCall(MatrixService.HOLD, CallOptions.DEFAULT);
    requests =
        ClientCalls.asyncBidiStreamingCall(
            call,
            new StreamObserver<>() {
              @Override
              public void onNext(BytesValue value) {
                heard.add(new Heard(null));
              }

              @Override
              public void onError(Throwable cause) {
                heard.add(new Heard(Status.fromThrowable(cause)));
              }

              @Override
              public void onCompleted() {
                heard.add(new Heard(Status.OK.withDescription("the server ended it")));
              }
            });
  }

  /** Sends a message and waits for its echo. */
  CellOutcome exchange(byte[] message, Duration limit) throws InterruptedException {
    long begunNanos = System.nanoTime();
    Heard before = heard.peek();
    if (before == null) {
      try {
        requests.onNext(BytesValue.of(ByteString.copyFrom(message)));
      } catch (IllegalStateException e) {
        // It ended this very moment; how, is about to be heard.
        call.cancel("sent after its end", e);
      }
    }
    Heard next = heard.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
    Duration after = Duration.ofNanos(System.nanoTime() - begunNanos);
    if (next == null) {
      return CellOutcome.hung(after);
    }
    return next.end() == null ? CellOutcome.answered(after) : CellOutcome.failed(next.end(), after);
  }

  void cancel() {
    call.cancel("the cell ends", null);
  }
}
