package dev.holdfast.interop.spring.client;

import dev.holdfast.interop.spring.v1.FindReply;
import dev.holdfast.interop.spring.v1.FindRequest;
import dev.holdfast.interop.spring.v1.OrdersGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Calls at a constant rate by the application's stub, whatever becomes of earlier ones. Each has a
 * deadline and ends as answered or failed.
 *
 * <p>Orders come from one thread. The first answer of an instance is a line {@code FIRST instance}; a call that failed is a line
 * {@code FAILED code text}, for the first {@value #MAX_FAILURE_LINES}.
 */
@Component
class CallLoad {
  private static final int MAX_FAILURE_LINES = 500;
  private static final long FIRST_CALL_SECONDS = 60;
  private static final long WAIT_FOR_LAST_SECONDS = 5;
  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final OrdersGrpc.OrdersStub orders;
  private final Duration deadline;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong longestNanos = new AtomicLong();
  private final Set<String> instances = ConcurrentHashMap.newKeySet();
  private @Nullable Thread caller;
  private volatile long issued;
  private volatile boolean stopping;

  CallLoad(OrdersGrpc.OrdersStub orders, @Value("${orders.deadline:2s}") Duration deadline) {
    this.orders = orders;
    this.deadline = deadline;
  }

  /** Makes one call, for which the channel may take its time, and prints the outcome. */
  void callOnce() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    orders
        .withWaitForReady()
        .withDeadlineAfter(FIRST_CALL_SECONDS, TimeUnit.SECONDS)
        .find(
            FindRequest.getDefaultInstance(),
            new StreamObserver<>() {
              @Override
              public void onNext(FindReply reply) {
                System.out.println("CALLED " + reply.getInstance());
              }

              @Override
              public void onError(Throwable failure) {
                System.out.println("CALLED failed " + Status.fromThrowable(failure));
                ended.countDown();
              }

              @Override
              public void onCompleted() {
                ended.countDown();
              }
            });
    ended.await();
  }

  void start(int callsPerSecond) {
    Thread started = new Thread(() -> run(callsPerSecond), "load");
    started.setDaemon(true);
    started.start();
    caller = started;
  }

  String counts() {
    return issued + " " + answered + " " + failed;
  }

  /** Ends the calls; those under way end by their deadline. */
  String stop() throws InterruptedException {
    stopping = true;
    if (caller != null) {
      caller.join(TimeUnit.SECONDS.toMillis(WAIT_FOR_LAST_SECONDS));
    }
    long end =
        System.nanoTime() + deadline.toNanos() + TimeUnit.SECONDS.toNanos(WAIT_FOR_LAST_SECONDS);
    while (answered.get() + failed.get() < issued && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return counts() + " " + TimeUnit.NANOSECONDS.toMillis(longestNanos.get());
  }

  private void run(int callsPerSecond) {
    long startNanos = System.nanoTime();
    for (long calls = 0; !stopping; calls++) {
      long dueNanos =
          startNanos
              + calls / callsPerSecond * NANOS_PER_SECOND
              + calls % callsPerSecond * NANOS_PER_SECOND / callsPerSecond;
      for (long early = dueNanos - System.nanoTime(); early > 0; ) {
        LockSupport.parkNanos(early);
        early = dueNanos - System.nanoTime();
      }
      issued = calls + 1;
      call();
    }
  }

  private void call() {
    long sentNanos = System.nanoTime();
    orders
        .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)
        .find(
            FindRequest.newBuilder().setId("42").build(),
            new StreamObserver<>() {
              private String instance = "";

              @Override
              public void onNext(FindReply reply) {
                instance = reply.getInstance();
              }

              @Override
              public void onError(Throwable failure) {
                if (failed.incrementAndGet() <= MAX_FAILURE_LINES) {
                  Status status = Status.fromThrowable(failure);
                  System.out.println("FAILED " + status.getCode() + " " + status.getDescription());
                }
              }

              @Override
              public void onCompleted() {
                longestNanos.accumulateAndGet(System.nanoTime() - sentNanos, Math::max);
                if (instances.add(instance)) {
                  System.out.println("FIRST " + instance);
                }
                answered.incrementAndGet();
              }
            });
  }
}
