package dev.holdfast.bench.soak;

import com.google.protobuf.BytesValue;
import dev.holdfast.streams.grpc.StreamCursor;
import dev.holdfast.streams.grpc.StreamPosition;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of {@link SoakMethods}. They go on where one of another instance was: behind its
 * cursor, or, with a store, behind the last message that was stored.
 */
final class SoakService implements BindableService {
  private final ScheduledExecutorService clock;
  private volatile boolean finishing;

  /**
   * @param clock sends the messages of subscriptions
   */
  SoakService(ScheduledExecutorService clock) {
    this.clock = clock;
  }

  /** Subscriptions end from now on. */
  void finish() {
    finishing = true;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(SoakMethods.SERVICE)
        .addMethod(SoakMethods.CHAT, ServerCalls.asyncBidiStreamingCall(Chat::new))
        .addMethod(
            SoakMethods.SUBSCRIBE,
            ServerCalls.asyncServerStreamingCall(
                (request, replies) -> new Subscription(request, replies).begin()))
        .addMethod(SoakMethods.UPLOAD, ServerCalls.asyncClientStreamingCall(Upload::new))
        .build();
  }

  /** The number that a handler goes on behind, at its start. */
  private static long behind(StreamCursor cursor, long stored) {
    return cursor.resumedFrom().map(bytes -> ByteBuffer.wrap(bytes).getLong()).orElse(stored);
  }

  private static void mark(StreamCursor cursor, long number) {
    cursor.mark(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
  }

  /** Messages of a client, which have to come one after the other. */
  private abstract static class Requests implements StreamObserver<BytesValue> {
    final StreamObserver<BytesValue> replies;
    private final StreamCursor cursor = StreamCursor.current();
    long last = behind(cursor, StreamPosition.current().map(StreamPosition::number).orElse(0L));
    private boolean broken;

    Requests(StreamObserver<BytesValue> replies) {
      this.replies = replies;
    }

    abstract void onOrdered(BytesValue request);

    @Override
    public final void onNext(BytesValue request) {
      long number = SoakMessage.number(request);
      if (number != last + 1 && !broken) {
        broken = true;
        String order = "request %d (expected: %d)".formatted(number, last + 1);
        replies.onError(Status.DATA_LOSS.withDescription(order).asException());
      }
      if (!broken) {
        last = number;
        onOrdered(request);
        mark(cursor, number);
      }
    }

    @Override
    public final void onError(Throwable cause) {
      // Another handler goes on, or the client is gone.
    }

    @Override
    public void onCompleted() {
      if (!broken) {
        replies.onCompleted();
      }
    }
  }

  private static final class Chat extends Requests {
    Chat(StreamObserver<BytesValue> replies) {
      super(replies);
    }

    @Override
    void onOrdered(BytesValue request) {
      replies.onNext(request);
    }
  }

  private static final class Upload extends Requests {
    Upload(StreamObserver<BytesValue> replies) {
      super(replies);
    }

    @Override
    void onOrdered(BytesValue request) {}

    @Override
    public void onCompleted() {
      replies.onNext(SoakMessage.of(last, true));
      super.onCompleted();
    }
  }

  private final class Subscription {
    private final ServerCallStreamObserver<BytesValue> replies;
    private final StreamCursor cursor = StreamCursor.current();
    private final long intervalMillis;

    // Guarded by this.
    private long last = behind(cursor, StreamPosition.sentBefore());
    private @Nullable Future<?> ticks;

    Subscription(BytesValue request, StreamObserver<BytesValue> replies) {
      this.replies = (ServerCallStreamObserver<BytesValue>) replies;
      this.intervalMillis = SoakMessage.number(request);
    }

    synchronized void begin() {
      replies.setOnCancelHandler(this::stop);
      ticks =
          clock.scheduleAtFixedRate(
              this::tick,
              ThreadLocalRandom.current().nextLong(intervalMillis),
              intervalMillis,
              TimeUnit.MILLISECONDS);
    }

    private synchronized void tick() {
      if (replies.isCancelled()) {
        stop();
      } else if (replies.isReady()) {
        boolean isLast = finishing;
        last++;
        replies.onNext(SoakMessage.of(last, isLast));
        mark(cursor, last);
        if (isLast) {
          stop();
          replies.onCompleted();
        }
      }
    }

    private synchronized void stop() {
      if (ticks != null) {
        ticks.cancel(false);
      }
    }
  }
}
