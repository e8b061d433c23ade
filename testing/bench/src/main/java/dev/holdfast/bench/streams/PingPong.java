package dev.holdfast.bench.streams;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** The ping-pong streams: one message is in flight on each, and each answer sends the next one. */
final class PingPong implements StreamLoad {
  private static final long HIGHEST_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int SIGNIFICANT_DIGITS = 3;
  private static final long PATIENCE_SECONDS = 180;

  private final EchoRequest request;
  private final List<Lane> lanes = new ArrayList<>();
  private final LongAdder rounds = new LongAdder();
  private final Semaphore ended = new Semaphore(0);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile Histogram latencyNanos = newHistogram();
  private volatile boolean measuring;
  private volatile boolean stopping;

  PingPong(Channel channel, int streams, int payloadBytes) {
    request =
        EchoRequest.newBuilder().setPayload(ByteString.copyFrom(new byte[payloadBytes])).build();
    for (int i = 0; i < streams; i++) {
      lanes.add(new Lane(channel));
    }
  }

  @Override
  public Slice run(Duration leadIn, Duration measured) throws InterruptedException {
    stopping = false;
    latencyNanos = newHistogram();
    lanes.forEach(Lane::send);
    TimeUnit.NANOSECONDS.sleep(leadIn.toNanos());
    measuring = true;
    long before = rounds.sum();
    long start = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(measured.toNanos());
    long count = rounds.sum() - before;
    long took = System.nanoTime() - start;
    measuring = false;
    stopping = true;
    boolean idle = ended.tryAcquire(lanes.size(), PATIENCE_SECONDS, TimeUnit.SECONDS);
    Throwable cause = failure.get();
    if (!idle || cause != null) {
      throw new IllegalStateException("a stream of a slice failed", cause);
    }
    return new Slice(count * 1e9 / took, latencyNanos.getValueAtPercentile(99) / 1e3);
  }

  private static Histogram newHistogram() {
    return new ConcurrentHistogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
  }

  private final class Lane implements StreamObserver<EchoReply> {
    private final StreamObserver<EchoRequest> requests;
    private volatile long sentNanos;

    Lane(Channel channel) {
      requests = EchoGrpc.newStub(channel).chat(this);
    }

    void send() {
      sentNanos = System.nanoTime();
      requests.onNext(request);
    }

    @Override
    public void onNext(EchoReply reply) {
      rounds.increment();
      if (measuring) {
        latencyNanos.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - sentNanos));
      }
      if (stopping) {
        ended.release();
      } else {
        send();
      }
    }

    @Override
    public void onError(Throwable cause) {
      failure.compareAndSet(null, cause);
      ended.release();
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the server ended a stream"));
    }
  }
}
