package dev.holdfast.bench.load;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.lab.load.PacedWait;
import dev.holdfast.lab.load.Pacer;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An open-loop load: calls at a fixed rate, whatever the answers do. The caller makes up for its
 * own pauses, so the number of calls is rate times time.
 *
 * <p>Every call has a deadline and ends as exactly one of answered and failed.
 */
public final class OpenLoopLoad implements AutoCloseable {
  /** Hears of every answer, on whatever thread it arrives. */
  public interface AnswerListener {
    void onAnswer(String instance, long sentNanos, long answeredNanos);

    /** Hears of every failure too; by default it does not care. */
    default void onFailure(Status status, long sentNanos) {}
  }

  private static final ByteString PAYLOAD = ByteString.copyFrom(new byte[64]);
  private static final long LONGEST_WAIT_FOR_LAST_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final EchoGrpc.EchoStub stub;
  private final int callsPerSecond;
  private final Duration deadline;
  private final AnswerListener listener;
  private final Thread caller = new Thread(this::run, "bench-open-loop");
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong longestNanos = new AtomicLong();
  private final Map<String, AtomicLong> failures = new ConcurrentSkipListMap<>();
  private final FailedCalls failedCalls = new FailedCalls();
  private volatile long issued;
  private volatile boolean stopping;

  public OpenLoopLoad(
      Channel channel, int callsPerSecond, Duration deadline, AnswerListener listener) {
    this.stub = EchoGrpc.newStub(channel);
    this.callsPerSecond = callsPerSecond;
    this.deadline = deadline;
    this.listener = listener;
    caller.setDaemon(true);
  }

  /** Starts the thread that makes the calls. */
  public OpenLoopLoad start() {
    caller.start();
    return this;
  }

  public long issued() {
    return issued;
  }

  public long answered() {
    return answered.get();
  }

  public long failed() {
    return failed.get();
  }

  /** The longest time that a call took to its answer. */
  public long longestNanos() {
    return longestNanos.get();
  }

  /** Resets the record of the longest latency. */
  public void resetLongest() {
    longestNanos.set(0);
  }

  /** The number of failures by status code and text. */
  public Map<String, Long> failures() {
    Map<String, Long> counted = new TreeMap<>();
    failures.forEach((text, count) -> counted.put(text, count.get()));
    return counted;
  }

  /** The failed calls with their times and reasons. */
  FailedCalls failedCalls() {
    return failedCalls;
  }

  /** Issues no more calls and waits until all have ended. */
  public void stop() throws InterruptedException {
    stopping = true;
    caller.join(deadline.toMillis() + 1_000);
    long give = System.nanoTime() + deadline.toNanos() + LONGEST_WAIT_FOR_LAST_NANOS;
    while (answered.get() + failed.get() < issued && System.nanoTime() - give < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /**
   * Calls that were issued and never ended in anything: after {@link #stop} there should be none.
   */
  public long unaccounted() {
    return issued - answered.get() - failed.get();
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }

  private void run() {
    Pacer pacer = new Pacer(System.nanoTime(), callsPerSecond);
    for (long calls = 1; !stopping; calls++) {
      PacedWait.untilDue(pacer);
      pacer.advance();
      issued = calls;
      call();
    }
  }

  private void call() {
    long sentNanos = System.nanoTime();
    long sentMillis = System.currentTimeMillis();
    stub.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)
        .call(
            EchoRequest.newBuilder().setPayload(PAYLOAD).build(),
            new StreamObserver<>() {
              private String instance = "";

              @Override
              public void onNext(EchoReply reply) {
                instance = reply.getInstance();
              }

              @Override
              public void onCompleted() {
                long now = System.nanoTime();
                longestNanos.accumulateAndGet(now - sentNanos, Math::max);
                listener.onAnswer(instance, sentNanos, now);
                answered.incrementAndGet();
              }

              @Override
              public void onError(Throwable cause) {
                Status status = Status.fromThrowable(cause);
                listener.onFailure(status, sentNanos);
                fail(sentMillis, status);
              }
            });
  }

  private void fail(long sentMillis, Status status) {
    failedCalls.add(new FailedCalls.FailedCall(sentMillis, System.currentTimeMillis(), status));
    // Descriptions name addresses and times: without them failures of one kind count as one.
    String text =
        status.getCode()
            + " "
            + String.valueOf(status.getDescription()).replaceAll("[0-9][0-9.]*", "#");
    String kind = failures.size() < 20 || failures.containsKey(text) ? text : "others";
    failures.computeIfAbsent(kind, unused -> new AtomicLong()).incrementAndGet();
    failed.incrementAndGet();
  }
}
