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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/** The streams that each send a small message at a steady pace and wait for its echo. */
final class PacedRounds {
  private static final int PAYLOAD_BYTES = 64;
  private static final long EVERY_MILLIS = 10;
  private static final long HIGHEST_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int SIGNIFICANT_DIGITS = 3;

  private final EchoRequest request =
      EchoRequest.newBuilder().setPayload(ByteString.copyFrom(new byte[PAYLOAD_BYTES])).build();
  private final List<Lane> lanes = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Recorder nanos = new Recorder(HIGHEST_NANOS, SIGNIFICANT_DIGITS);

  PacedRounds(Channel channel, int streams) {
    for (int i = 0; i < streams; i++) {
      lanes.add(new Lane(channel));
    }
  }

  /**
   * Sends rounds for some time.
   *
   * @return the latency of each round, in nanoseconds; a round without an answer counts too, and so
   *     do those that could not be sent at their time because an answer was late
   */
  Histogram send(Duration time) throws InterruptedException {
    nanos.reset();
    long endNanos = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - endNanos < 0) {
      lanes.forEach(Lane::send);
      TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
    }
    lanes.forEach(Lane::settle);
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a stream of a neighbour failed", cause);
    }
    // A late answer may come meanwhile.
    return nanos
        .getIntervalHistogram()
        .copyCorrectedForCoordinatedOmission(TimeUnit.MILLISECONDS.toNanos(EVERY_MILLIS));
  }

  /** The 99th percentile, in microseconds. */
  static double p99Micros(Histogram nanos) {
    return nanos.getValueAtPercentile(99) / 1e3;
  }

  /** A histogram without rounds. */
  static Histogram newHistogram() {
    return new Histogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
  }

  private final class Lane implements StreamObserver<EchoReply> {
    private final StreamObserver<EchoRequest> requests;
    private volatile long sentNanos;
    private volatile boolean waiting;

    Lane(Channel channel) {
      requests = EchoGrpc.newStub(channel).chat(this);
    }

    void send() {
      if (!waiting && failure.get() == null) {
        waiting = true;
        sentNanos = System.nanoTime();
        requests.onNext(request);
      }
    }

    void settle() {
      if (waiting) {
        nanos.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - sentNanos));
      }
    }

    @Override
    public void onNext(EchoReply reply) {
      nanos.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - sentNanos));
      waiting = false;
    }

    @Override
    public void onError(Throwable cause) {
      failure.compareAndSet(null, cause);
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the server ended a stream"));
    }
  }
}
