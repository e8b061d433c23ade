package dev.holdfast.bench.channel;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * A closed-loop load with a fixed number of calls in flight: each answer sends the next call.
 *
 * <p>Slices are measured one at a time; no call is in flight between them.
 */
public final class ClosedLoopLoad {
  /**
   * The figures of one slice.
   *
   * @param callsPerSecond answers per second of the measured time
   * @param p50Micros median latency of a call
   * @param p99Micros 99th percentile of the latency of a call
   * @param cpuMicrosPerCall CPU time of this whole process per call
   * @param failed calls that failed, whether within the measured time or not
   */
  public record Slice(
      double callsPerSecond,
      double p50Micros,
      double p99Micros,
      double cpuMicrosPerCall,
      long failed) {}

  private static final long HIGHEST_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int SIGNIFICANT_DIGITS = 3;
  private static final long PATIENCE_SECONDS = 180;

  private final EchoGrpc.EchoStub stub;
  private final int inFlight;
  private final boolean idempotent;
  private final EchoRequest request;

  /**
   * @param inFlight how many calls are under way at any time
   * @param idempotent whether the method called is declared so
   */
  public ClosedLoopLoad(Channel channel, int inFlight, int payloadBytes, boolean idempotent) {
    this.stub = EchoGrpc.newStub(channel);
    this.inFlight = inFlight;
    this.idempotent = idempotent;
    byte[] payload = new byte[payloadBytes];
    for (int i = 0; i < payloadBytes; i++) {
      payload[i] = (byte) (i + 1);
    }
    this.request = EchoRequest.newBuilder().setPayload(ByteString.copyFrom(payload)).build();
  }

  /**
   * Runs and measures one slice.
   *
   * @param leadIn runs before the measured time, so that the other side's slice is out of the
   *     caches
   */
  public Slice run(Duration leadIn, Duration measured) throws InterruptedException {
    Running running = new Running();
    for (int i = 0; i < inFlight; i++) {
      running.next();
    }
    TimeUnit.NANOSECONDS.sleep(leadIn.toNanos());
    running.measuring = true;
    long callsBefore = running.answered.sum();
    long cpuBefore = Machine.cpuNanos();
    long start = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(measured.toNanos());
    long calls = running.answered.sum() - callsBefore;
    long cpu = Machine.cpuNanos() - cpuBefore;
    long took = System.nanoTime() - start;
    running.measuring = false;
    running.stopping = true;
    if (!running.ended.tryAcquire(inFlight, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("calls of a slice did not end");
    }
    if (calls == 0) {
      throw new IllegalStateException("no call was answered in " + measured);
    }
    Histogram latency = running.latencyNanos;
    return new Slice(
        calls * 1e9 / took,
        latency.getValueAtPercentile(50) / 1e3,
        latency.getValueAtPercentile(99) / 1e3,
        cpu / 1e3 / calls,
        running.failed.sum());
  }

  private final class Running {
    final Histogram latencyNanos = new ConcurrentHistogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
    final LongAdder answered = new LongAdder();
    final LongAdder failed = new LongAdder();
    final Semaphore ended = new Semaphore(0);
    volatile boolean measuring;
    volatile boolean stopping;

    void next() {
      long sentNanos = System.nanoTime();
      StreamObserver<EchoReply> answer =
          new StreamObserver<>() {
            @Override
            public void onNext(EchoReply reply) {}

            @Override
            public void onCompleted() {
              answered.increment();
              if (measuring) {
                latencyNanos.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - sentNanos));
              }
              proceed();
            }

            @Override
            public void onError(Throwable cause) {
              failed.increment();
              // A lane that failed ends: a failing channel must not look fast.
              ended.release();
            }
          };
      if (idempotent) {
        stub.callIdempotent(request, answer);
      } else {
        stub.call(request, answer);
      }
    }

    private void proceed() {
      if (stopping) {
        ended.release();
      } else {
        next();
      }
    }
  }
}
