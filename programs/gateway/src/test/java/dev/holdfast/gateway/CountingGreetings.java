package dev.holdfast.gateway;

import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.streams.grpc.StreamCursor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A service that counts in its answers, and counts on from its cursor at another instance. Its chat
 * answers each name with its number.
 */
final class CountingGreetings extends GreeterGrpc.GreeterImplBase implements AutoCloseable {
  private static final int TICK_MILLIS = 5;

  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1);

  /** The handlers that were called. */
  final AtomicInteger handlers = new AtomicInteger();

  /** The handlers that were told of a cancellation. */
  final AtomicInteger cancelled = new AtomicInteger();

  /** The names that chats were sent. */
  final List<String> names = new CopyOnWriteArrayList<>();

  /** The times that a stream had more to say than was taken. */
  final AtomicInteger waits = new AtomicInteger();

  /** The text of each answer. */
  volatile String text = "";

  /** Whether cursors are marked. */
  volatile boolean marking = true;

  /** The number behind which a stream ends, with a status of its own. */
  volatile long last = Long.MAX_VALUE;

  @Override
  public void sayMany(HelloRequest request, StreamObserver<HelloReply> answers) {
    handlers.incrementAndGet();
    StreamCursor cursor = StreamCursor.current();
    ServerCallStreamObserver<HelloReply> call = (ServerCallStreamObserver<HelloReply>) answers;
    call.setOnCancelHandler(cancelled::incrementAndGet);
    say(call, cursor, next(cursor));
  }

  private void say(ServerCallStreamObserver<HelloReply> call, StreamCursor cursor, long number) {
    if (call.isCancelled()) {
      return;
    }
    if (number > last) {
      call.onError(Status.NOT_FOUND.withDescription("counted").asRuntimeException());
      return;
    }
    boolean ready = call.isReady();
    if (ready) {
      call.onNext(HelloReply.newBuilder().setNumber(number).setText(text).build());
      mark(cursor, number + 1);
    } else {
      waits.incrementAndGet();
    }
    long following = ready ? number + 1 : number;
    var unused =
        ticks.schedule(() -> say(call, cursor, following), TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void mark(StreamCursor cursor, long next) {
    if (marking) {
      cursor.mark(ByteBuffer.allocate(Long.BYTES).putLong(next).array());
    }
  }

  private static long next(StreamCursor cursor) {
    return cursor.resumedFrom().map(bytes -> ByteBuffer.wrap(bytes).getLong()).orElse(1L);
  }

  @Override
  public StreamObserver<HelloRequest> chat(StreamObserver<HelloReply> answers) {
    handlers.incrementAndGet();
    ((ServerCallStreamObserver<HelloReply>) answers).setOnCancelHandler(cancelled::incrementAndGet);
    StreamCursor cursor = StreamCursor.current();
    return new StreamObserver<>() {
      private long number = next(cursor);

      @Override
      public void onNext(HelloRequest request) {
        names.add(request.getName());
        answers.onNext(HelloReply.newBuilder().setNumber(number++).build());
        mark(cursor, number);
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  @Override
  public void close() {
    ticks.shutdownNow();
  }
}
