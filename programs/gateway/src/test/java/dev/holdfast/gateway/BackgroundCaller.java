package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client that makes one call after the other while others misbehave. Its calls carry {@link
 * #MARK}: an upstream that a test plays itself answers those and does not show them to the test.
 */
public final class BackgroundCaller implements AutoCloseable {
  static final String MARK = "x-bystander";

  /**
   * Pause between two calls while nobody waits for one. A bystander without pause costs as much CPU
   * as what a test attacks.
   */
  private static final int PAUSE_MILLIS = 100;

  private static final int CALLS_OF_A_CHECK = 2;

  /** Time for a call on a busy machine: some attacks alone take both cores for seconds. */
  static final long PATIENCE_SECONDS = 2 * GatewayRig.PATIENCE_SECONDS;

  private final Call call;
  private final Thread thread = new Thread(this::run, "bystander");
  private final AtomicInteger served = new AtomicInteger();
  private final Queue<Exception> failures = new ConcurrentLinkedQueue<>();

  /** A permit for each call that is to be made without a pause before it. */
  private final Semaphore awaited = new Semaphore(0);

  private volatile boolean stopped;

  /** One call; throws unless it was served. */
  interface Call {
    void make() throws Exception;
  }

  private BackgroundCaller(Call call) {
    this.call = call;
  }

  /** Calls {@link Echo#UNARY} over a channel. */
  public static BackgroundCaller on(Channel channel) {
    Metadata mark = new Metadata();
    mark.put(Metadata.Key.of(MARK, Metadata.ASCII_STRING_MARSHALLER), "1");
    Channel marked =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(mark));
    return of(
        () -> {
          CallOptions options =
              CallOptions.DEFAULT.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
          ClientCalls.blockingUnaryCall(marked, Echo.UNARY, options, new byte[] {1});
        });
  }

  /** Makes any call over and over; returns when the first was served. */
  static BackgroundCaller of(Call call) {
    BackgroundCaller backgroundCaller = new BackgroundCaller(call);
    backgroundCaller.thread.start();
    await().until(() -> backgroundCaller.served.get() > 0 || !backgroundCaller.failures.isEmpty());
    backgroundCaller.assertServed();
    return backgroundCaller;
  }

  /** Whether a call of it failed. */
  boolean isHarmed() {
    return !failures.isEmpty();
  }

  /** Whether all its calls were served so far. */
  void assertServed() {
    assertThat(failures).isEmpty();
  }

  /** Whether all its calls were served, those from now on too. */
  public void assertUnharmed() {
    int before = served.get();
    awaited.release(CALLS_OF_A_CHECK);
    await()
        .atMost(Duration.ofSeconds(PATIENCE_SECONDS))
        .until(() -> served.get() >= before + CALLS_OF_A_CHECK || !failures.isEmpty());
    assertThat(failures).isEmpty();
  }

  /** Makes no more calls. */
  void stop() throws InterruptedException {
    close();
  }

  @Override
  public void close() throws InterruptedException {
    stopped = true;
    awaited.release();
    thread.join();
  }

  // Whatever a call throws is its failure.
  @SuppressWarnings("CatchingUnchecked")
  private void run() {
    while (!stopped && failures.isEmpty()) {
      try {
        call.make();
        served.incrementAndGet();
        var unused = awaited.tryAcquire(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      } catch (Exception e) {
        failures.add(e);
      }
    }
  }
}
