package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A client that makes one call after the other while others misbehave. */
final class Bystander implements AutoCloseable {
  private final Channel channel;
  private final Thread thread = new Thread(this::run, "bystander");
  private final AtomicInteger served = new AtomicInteger();
  private final Queue<StatusRuntimeException> failures = new ConcurrentLinkedQueue<>();
  private volatile boolean done;

  private Bystander(Channel channel) {
    this.channel = channel;
  }

  static Bystander on(Channel channel) {
    Bystander bystander = new Bystander(channel);
    bystander.thread.start();
    await().until(() -> bystander.served.get() > 0);
    return bystander;
  }

  /** Whether all its calls were served so far. */
  void assertServed() {
    assertThat(failures).isEmpty();
  }

  /** Whether all its calls were served, those from now on too. */
  void assertUnharmed() {
    int before = served.get();
    await().until(() -> served.get() > before + 1 || !failures.isEmpty());
    assertThat(failures).isEmpty();
  }

  /** Makes no more calls. */
  void stop() throws InterruptedException {
    close();
  }

  @Override
  public void close() throws InterruptedException {
    done = true;
    thread.join();
  }

  private void run() {
    while (!done && failures.isEmpty()) {
      try {
        CallOptions options =
            CallOptions.DEFAULT.withDeadlineAfter(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        ClientCalls.blockingUnaryCall(channel, Echo.UNARY, options, new byte[] {1});
        served.incrementAndGet();
      } catch (StatusRuntimeException e) {
        failures.add(e);
      }
    }
  }
}
