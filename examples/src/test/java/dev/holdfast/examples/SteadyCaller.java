package dev.holdfast.examples;

import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.OrdersGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Calls over one channel without an end, about 200 times a second, and remembers what came of it.
 */
final class SteadyCaller implements AutoCloseable {
  private static final Duration BETWEEN_CALLS = Duration.ofMillis(5);
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  /** So many last answers tell whom the channel reaches now. */
  private static final int RECENT = 30;

  private final String name;
  private final ManagedChannel channel;
  private final List<StatusRuntimeException> failures = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final Deque<String> recent = new ArrayDeque<>();
  private long answers;

  SteadyCaller(String name, ManagedChannel channel) {
    this.name = name;
    this.channel = channel;
    var unused =
        thread.scheduleWithFixedDelay(
            this::call, 0, BETWEEN_CALLS.toMillis(), TimeUnit.MILLISECONDS);
  }

  List<StatusRuntimeException> failures() {
    return failures;
  }

  /** The instances that gave the last answers. */
  synchronized Set<String> reachesNow() {
    return recent.size() < RECENT ? Set.of() : Set.copyOf(recent);
  }

  synchronized long answers() {
    return answers;
  }

  @Override
  public String toString() {
    return name;
  }

  /** Ends the calls, then the channel. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      thread.awaitTermination(2 * DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    channel.shutdownNow();
  }

  private void call() {
    try {
      String instance =
          OrdersGrpc.newBlockingStub(channel)
              .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .get(GetRequest.newBuilder().setId("1").build())
              .getServedBy()
              .getInstance();
      note(instance);
    } catch (StatusRuntimeException e) {
      failures.add(e);
    }
  }

  private synchronized void note(String instance) {
    answers++;
    recent.addLast(instance);
    if (recent.size() > RECENT) {
      recent.removeFirst();
    }
  }
}
