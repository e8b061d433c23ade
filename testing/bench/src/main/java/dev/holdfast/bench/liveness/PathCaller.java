package dev.holdfast.bench.liveness;

import io.grpc.Attributes;
import io.grpc.ClientTransportFilter;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A stock client that keeps calling over the path under examination. */
final class PathCaller implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PathCaller.class);
  private static final long CALL_EVERY_MILLIS = 500;
  private static final long DEADLINE_SECONDS = 10;

  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong calls = new AtomicLong();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ManagedChannel channel;
  private volatile boolean closing;

  PathCaller(int port) {
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .usePlaintext()
            .addTransportFilter(
                new ClientTransportFilter() {
                  @Override
                  public void transportTerminated(Attributes attributes) {
                    if (!closing) {
                      lost.incrementAndGet();
                    }
                  }
                })
            .build();
    var unused =
        timer.scheduleWithFixedDelay(this::call, 0, CALL_EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Connections that ended while they were in use. */
  long lostConnections() {
    return lost.get();
  }

  /** The number of calls that were answered. */
  long calls() {
    return calls.get();
  }

  @Override
  public void close() {
    closing = true;
    timer.shutdownNow();
    channel.shutdownNow();
  }

  private void call() {
    try {
      var unused =
          HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance());
      calls.incrementAndGet();
    } catch (RuntimeException e) {
      if (!closing) {
        // Not rethrown: that would end the timer, and the missing calls are seen in the report.
        log.warn("event=path_call_failed", e);
      }
    }
  }
}
