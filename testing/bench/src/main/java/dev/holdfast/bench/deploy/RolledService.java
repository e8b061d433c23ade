package dev.holdfast.bench.deploy;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.deploy.DeliveryLedger.Direction;
import dev.holdfast.bench.deploy.DeliveryLedger.Role;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import dev.holdfast.streams.grpc.StreamCursor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A service with a stream of each kind, whose handlers mark a cursor after each message: the number
 * up to which the stream has come. Without a session, cursors have no effect.
 */
final class RolledService extends EchoGrpc.EchoImplBase {
  private final DeliveryLedger ledger;
  private final ScheduledExecutorService clock;
  private final long intervalNanos;
  private final AtomicLong takenOver = new AtomicLong();
  private volatile boolean finishing;

  /**
   * @param clock sends the messages of subscriptions
   * @param intervalNanos the time between two messages of a subscription
   */
  RolledService(DeliveryLedger ledger, ScheduledExecutorService clock, long intervalNanos) {
    this.ledger = ledger;
    this.clock = clock;
    this.intervalNanos = intervalNanos;
  }

  /** Subscriptions end from now on. */
  void finish() {
    finishing = true;
  }

  /** The handlers that went on where a handler of another instance was. */
  long takenOver() {
    return takenOver.get();
  }

  /** The last number that is covered by the cursor of the handler before. */
  private long resumedFrom(StreamCursor cursor, long otherwise) {
    cursor.resumedFrom().ifPresent(unused -> takenOver.incrementAndGet());
    return cursor.resumedFrom().map(NumberedBytes::number).orElse(otherwise);
  }

  @Override
  public void subscribe(FloodRequest request, StreamObserver<FloodReply> replies) {
    ByteString payload = request.getPayload();
    StreamCursor cursor = StreamCursor.current();
    Feed feed =
        new Feed(
            (ServerCallStreamObserver<FloodReply>) replies,
            cursor,
            NumberedBytes.stream(payload),
            resumedFrom(cursor, NumberedBytes.number(payload)));
    feed.begin();
  }

  @Override
  public StreamObserver<EchoRequest> chat(StreamObserver<EchoReply> replies) {
    return new Chat(replies);
  }

  @Override
  public StreamObserver<FloodRequest> upload(StreamObserver<FloodReply> replies) {
    return new Upload(replies);
  }

  /** A subscription, which sends a number from time to time. */
  private final class Feed {
    private final ServerCallStreamObserver<FloodReply> replies;
    private final StreamCursor cursor;
    private final long stream;
    private final MessageRuns sent;
    private long number;
    private @Nullable Future<?> ticks;

    Feed(
        ServerCallStreamObserver<FloodReply> replies,
        StreamCursor cursor,
        long stream,
        long number) {
      this.replies = replies;
      this.cursor = cursor;
      this.stream = stream;
      this.number = number;
      this.sent =
          ledger.open(StreamKind.SERVER_STREAMING, stream, Direction.FROM_SERVER, Role.SENT);
    }

    synchronized void begin() {
      replies.setOnCancelHandler(this::stop);
      ticks =
          clock.scheduleAtFixedRate(
              this::tick,
              ThreadLocalRandom.current().nextLong(intervalNanos),
              intervalNanos,
              TimeUnit.NANOSECONDS);
    }

    synchronized void tick() {
      if (replies.isCancelled()) {
        stop();
      } else if (finishing) {
        stop();
        replies.onCompleted();
      } else if (replies.isReady()) {
        number++;
        sent.add(number);
        replies.onNext(
            FloodReply.newBuilder().setPayload(NumberedBytes.of(stream, number)).build());
        cursor.mark(NumberedBytes.cursor(number));
      }
    }

    private synchronized void stop() {
      if (ticks != null) {
        ticks.cancel(false);
      }
    }
  }

  /** Says each number back. */
  private final class Chat implements StreamObserver<EchoRequest> {
    private final StreamObserver<EchoReply> replies;
    private final StreamCursor cursor = StreamCursor.current();
    private @Nullable MessageRuns taken;
    private @Nullable MessageRuns sent;

    Chat(StreamObserver<EchoReply> replies) {
      this.replies = replies;
      // The cursor says how far the stream is; the handler needs nothing else of the one before.
      var unused = resumedFrom(cursor, 0);
    }

    @Override
    public void onNext(EchoRequest request) {
      ByteString payload = request.getPayload();
      long stream = NumberedBytes.stream(payload);
      long number = NumberedBytes.number(payload);
      if (taken == null || sent == null) {
        taken = ledger.open(StreamKind.BIDIRECTIONAL, stream, Direction.FROM_CLIENT, Role.TAKEN);
        sent = ledger.open(StreamKind.BIDIRECTIONAL, stream, Direction.FROM_SERVER, Role.SENT);
      }
      taken.add(number);
      sent.add(number);
      replies.onNext(EchoReply.newBuilder().setPayload(payload).build());
      cursor.mark(NumberedBytes.cursor(number));
    }

    @Override
    public void onError(Throwable cause) {
      // Another handler goes on, or the client is gone.
    }

    @Override
    public void onCompleted() {
      replies.onCompleted();
    }
  }

  /** Counts messages, and says at the end how many there were. */
  private final class Upload implements StreamObserver<FloodRequest> {
    private final StreamObserver<FloodReply> reply;
    private final StreamCursor cursor = StreamCursor.current();
    private @Nullable MessageRuns taken;
    private long count;

    Upload(StreamObserver<FloodReply> reply) {
      this.reply = reply;
      this.count = resumedFrom(cursor, 0);
    }

    @Override
    public void onNext(FloodRequest request) {
      ByteString payload = request.getPayload();
      if (taken == null) {
        long stream = NumberedBytes.stream(payload);
        taken = ledger.open(StreamKind.CLIENT_STREAMING, stream, Direction.FROM_CLIENT, Role.TAKEN);
      }
      taken.add(NumberedBytes.number(payload));
      count++;
      cursor.mark(NumberedBytes.cursor(count));
    }

    @Override
    public void onError(Throwable cause) {
      // Another handler goes on, or the client is gone.
    }

    @Override
    public void onCompleted() {
      reply.onNext(FloodReply.newBuilder().setMessages(count).build());
      reply.onCompleted();
    }
  }
}
