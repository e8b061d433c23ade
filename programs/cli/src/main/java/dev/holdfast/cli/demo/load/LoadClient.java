package dev.holdfast.cli.demo.load;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.examples.v1.FollowRequest;
import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.Order;
import dev.holdfast.examples.v1.OrderEvent;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.lab.load.Pacer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An open-loop load client: makes calls at a constant rate over one channel and records each in a
 * {@link CallStats}.
 *
 * <p>The rate does not depend on answers. A call is due at its scheduled time, whether earlier
 * calls were answered or not, and its deadline of 10 s runs from that time. Only when the calls of
 * half a second have no answer, as on a machine that can't carry the rate, a call that is due is
 * left out and counted. Once {@link #start started}, one thread issues all calls; answers arrive on
 * the channel's threads.
 */
public final class LoadClient implements AutoCloseable {
  /**
   * Within this time of being due, every call must have been answered. A busy machine keeps calls
   * waiting for seconds; how long they wait is measured beside.
   */
  public static final Duration DEADLINE = Duration.ofSeconds(10);

  @Limit(
      of = "calls of a client of `demo` without an answer: those of half a second, or this many",
      then = "calls that are due are left out, and counted as `held_back`")
  static final int LEAST_OUTSTANDING = 10;

  private static final long FOLLOW_DEADLINE_MILLIS = 180_000;
  private static final int FOLLOW_INTERVAL_MILLIS = 100;
  private static final long STOP_MILLIS = 15_000;

  private final Channel channel;
  private final CallStats ledger;
  private final int ratePerSecond;
  private final int mostOutstanding;
  private final Thread issuer;
  private final AtomicInteger outstanding = new AtomicInteger();
  private volatile boolean stopping;

  public LoadClient(String name, Channel channel, CallStats ledger, int ratePerSecond) {
    this.channel = channel;
    this.ledger = ledger;
    this.ratePerSecond = ratePerSecond;
    this.mostOutstanding = Math.max(LEAST_OUTSTANDING, ratePerSecond / 2);
    this.issuer = new Thread(this::issueCalls, "demo-" + name);
    issuer.setDaemon(true);
  }

  /** Starts the thread that issues calls. */
  public void start() {
    issuer.start();
  }

  /**
   * Makes no more calls and waits until those under way have ended, which their deadline bounds.
   */
  @Override
  public void close() throws InterruptedException {
    stopping = true;
    LockSupport.unpark(issuer);
    issuer.join(STOP_MILLIS);
    long giveUpNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_MILLIS);
    while (outstanding.get() > 0 && System.nanoTime() - giveUpNanos < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
    int lost = outstanding.get();
    for (int i = 0; i < lost; i++) {
      ledger.onFailed(System.nanoTime(), "NEVER_ENDED: no status long after the deadline");
    }
  }

  /**
   * Makes one call that takes a few hundred milliseconds, so that it is in flight when something
   * happens to its server. It is filed like every other call.
   *
   * @return who serves it, as soon as the first of its answers arrived
   */
  public LongCall longCall() {
    LongCall call = new LongCall();
    outstanding.incrementAndGet();
    OrdersGrpc.newStub(channel)
        .withDeadlineAfter(FOLLOW_DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
        .follow(
            FollowRequest.newBuilder()
                .setId("demo")
                .setIntervalMillis(FOLLOW_INTERVAL_MILLIS)
                .build(),
            call);
    return call;
  }

  /** A call that is in flight for a while. */
  public final class LongCall implements StreamObserver<OrderEvent> {
    private final CompletableFuture<String> server = new CompletableFuture<>();
    private final CompletableFuture<Status> ended = new CompletableFuture<>();

    /** The instance that serves the stream; completes with its first answer. */
    public CompletableFuture<String> server() {
      return server;
    }

    /** The status that the stream ended with; completes when the stream ends. */
    public CompletableFuture<Status> ended() {
      return ended;
    }

    @Override
    public void onNext(OrderEvent event) {
      server.complete(event.getServedBy().getInstance());
    }

    @Override
    public void onError(Throwable failure) {
      Status status = Status.fromThrowable(failure);
      ledger.onFailed(System.nanoTime(), text(status));
      end(status);
    }

    @Override
    public void onCompleted() {
      ledger.onLongCallAnswered();
      end(Status.OK);
    }

    private void end(Status status) {
      outstanding.decrementAndGet();
      server.completeExceptionally(status.asRuntimeException());
      ended.complete(status);
    }
  }

  private void issueCalls() {
    Pacer pacer = new Pacer(System.nanoTime(), ratePerSecond, DEADLINE.toNanos());
    for (long id = 0; !stopping; ) {
      long nowNanos = System.nanoTime();
      switch (pacer.at(nowNanos)) {
        case LATER -> LockSupport.parkNanos(pacer.dueNanos() - nowNanos);
        case NOW -> {
          if (outstanding.get() < mostOutstanding) {
            issue(id++, pacer.dueNanos());
          } else {
            ledger.onHeldBack();
          }
          pacer.advance();
        }
        case MISSED -> {
          ledger.onNotIssued(nowNanos);
          pacer.advance();
        }
      }
    }
  }

  private void issue(long id, long dueNanos) {
    AttemptCounter attemptCounter = new AttemptCounter();
    long leftNanos = DEADLINE.toNanos() - (System.nanoTime() - dueNanos);
    CallOptions options =
        CallOptions.DEFAULT
            .withDeadlineAfter(leftNanos, TimeUnit.NANOSECONDS)
            .withStreamTracerFactory(attemptCounter);
    outstanding.incrementAndGet();
    ClientCalls.asyncUnaryCall(
        channel.newCall(OrdersGrpc.getGetMethod(), options),
        GetRequest.newBuilder().setId("order-" + id).build(),
        new Answer(dueNanos, attemptCounter));
  }

  private final class Answer implements StreamObserver<Order> {
    private final long dueNanos;
    private final AttemptCounter attemptCounter;
    private @Nullable Order order;

    Answer(long dueNanos, AttemptCounter attemptCounter) {
      this.dueNanos = dueNanos;
      this.attemptCounter = attemptCounter;
    }

    @Override
    public void onNext(Order value) {
      order = value; // counts once the status is OK too
    }

    @Override
    public void onError(Throwable failure) {
      ledger.onFailed(System.nanoTime(), text(Status.fromThrowable(failure)));
      end();
    }

    @Override
    public void onCompleted() {
      long nowNanos = System.nanoTime();
      if (order == null) {
        ledger.onFailed(nowNanos, "OK without an answer");
      } else {
        ledger.onAnswered(order.getServedBy().getInstance(), nowNanos, nowNanos - dueNanos);
      }
      end();
    }

    private void end() {
      if (attemptCounter.retried()) {
        ledger.onRetried(System.nanoTime());
      }
      outstanding.decrementAndGet();
    }
  }

  private static String text(Status status) {
    Throwable cause = status.getCause();
    return status.getCode()
        + (status.getDescription() == null ? "" : ": " + status.getDescription())
        + (cause == null ? "" : " (" + cause + ")");
  }
}
