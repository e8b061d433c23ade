package dev.holdfast.bench.gateway;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Many open streams, each of which sends one message per second and gets a response. Latencies
 * count from the time at which a message was due, so that a late sender hides nothing.
 *
 * <p>The streams of the first channels, the neighbours, are also counted apart.
 */
final class ChatStreams implements AutoCloseable {
  private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(2);
  private static final int SIGNIFICANT_DIGITS = 3;
  private static final int STAMP_BYTES = Long.BYTES;
  private static final byte[] REST_OF_MESSAGE = new byte[64 - STAMP_BYTES];
  private static final long POLL_MILLIS = 5;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final List<Stream> streams = new ArrayList<>();
  private final Recorder all = new Recorder(HIGHEST_MICROS, SIGNIFICANT_DIGITS);
  private final Recorder neighbours = new Recorder(HIGHEST_MICROS, SIGNIFICANT_DIGITS);
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private final AtomicReference<String> firstEnd = new AtomicReference<>("");
  private final Thread sender = new Thread(this::send, "bench-chat");
  private volatile boolean stopping;

  /**
   * Opens the streams; they send nothing yet.
   *
   * @param count number of streams, spread evenly over the channels
   * @param neighbourChannels number of channels whose streams are also counted apart
   */
  ChatStreams(List<? extends Channel> channels, int count, int neighbourChannels) {
    for (int i = 0; i < count; i++) {
      int channel = i % channels.size();
      streams.add(new Stream(channels.get(channel), channel < neighbourChannels));
    }
    sender.setDaemon(true);
  }

  /** Starts the thread that sends messages. */
  ChatStreams start() {
    sender.start();
    return this;
  }

  /** Streams that ended, and none should. */
  long ended() {
    return ended.get();
  }

  /** The status that the first ended stream ended with; "" when no stream has ended. */
  String firstEnd() {
    return Objects.requireNonNull(firstEnd.get());
  }

  /** The number of streams that were answered and have not ended. */
  long open() {
    return streams.stream().filter(stream -> stream.answered).count() - ended();
  }

  /** The number of messages that have no answer yet. */
  long unanswered() {
    return sent.get() - answered.get();
  }

  /** Waits until each stream has been answered. */
  void awaitOpen(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (open() + ended() < streams.size() && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  /** Times of answers since the last call, in microseconds. */
  Histogram takeAll() {
    return all.getIntervalHistogram();
  }

  /** The latencies of the neighbours, taken as {@link #takeAll} does for all streams. */
  Histogram takeNeighbours() {
    return neighbours.getIntervalHistogram();
  }

  /** Sends no more and waits for the answers that are due. */
  void stop(Duration patience) throws InterruptedException {
    stopping = true;
    sender.join(patience.toMillis());
    long end = System.nanoTime() + patience.toNanos();
    while (unanswered() > 0 && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  @Override
  public void close() throws InterruptedException {
    stopping = true;
    sender.join(SECOND_NANOS / 1_000_000);
  }

  private void send() {
    long start = System.nanoTime();
    long number = 0;
    while (!stopping) {
      long due = start + number * SECOND_NANOS / streams.size();
      long early = due - System.nanoTime();
      if (early > 0) {
        LockSupport.parkNanos(early);
        continue;
      }
      streams.get((int) (number % streams.size())).send(due);
      number++;
    }
  }

  private final class Stream implements StreamObserver<EchoReply> {
    private final boolean neighbour;
    private final StreamObserver<EchoRequest> requests;
    private volatile boolean answered;
    private volatile boolean over;

    Stream(Channel channel, boolean neighbour) {
      this.neighbour = neighbour;
      this.requests = EchoGrpc.newStub(channel).chat(this);
    }

    void send(long dueNanos) {
      if (over) {
        return;
      }
      ByteBuffer message =
          ByteBuffer.allocate(STAMP_BYTES + REST_OF_MESSAGE.length)
              .putLong(dueNanos)
              .put(REST_OF_MESSAGE)
              .flip();
      sent.incrementAndGet();
      requests.onNext(EchoRequest.newBuilder().setPayload(ByteString.copyFrom(message)).build());
    }

    @Override
    public void onNext(EchoReply reply) {
      long dueNanos = reply.getPayload().asReadOnlyByteBuffer().getLong();
      long micros = Math.min(HIGHEST_MICROS, (System.nanoTime() - dueNanos) / 1_000);
      all.recordValue(micros);
      if (neighbour) {
        neighbours.recordValue(micros);
      }
      answered = true;
      ChatStreams.this.answered.incrementAndGet();
    }

    @Override
    public void onError(Throwable cause) {
      over = true;
      firstEnd.compareAndSet("", Status.fromThrowable(cause).toString());
      ended.incrementAndGet();
    }

    @Override
    public void onCompleted() {
      onError(Status.UNKNOWN.withDescription("the server ended it").asException());
    }
  }
}
