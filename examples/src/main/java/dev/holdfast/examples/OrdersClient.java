package dev.holdfast.examples;

import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.Order;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.metrics.GrpcMetrics;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A client that calls a service by its name, wherever its instances are at the moment.
 *
 * <pre>
 * HOLDFAST_REGISTRY=file:///tmp/holdfast/demo OrdersClient [calls]
 * </pre>
 *
 * <p>Makes the given number of calls, 1,000 by default, about 100 a second, and prints every
 * hundred how many each instance answered, and at the end how many attempts that took: more than
 * calls where a connection died. Exits with 1 when a call failed.
 */
public final class OrdersClient {
  private static final int CALLS_PER_LINE = 100;

  private OrdersClient() {}

  /** Calls the service, then ends. */
  public static void main(String[] args) throws InterruptedException {
    int calls = args.length == 0 ? 1_000 : Integer.parseInt(args[0]);
    MeterRegistry meters = new SimpleMeterRegistry();
    HoldfastChannelBuilder builder =
        HoldfastChannelBuilder.forTarget("holdfast:///orders", InsecureChannelCredentials.create());
    GrpcMetrics.of(meters).configureChannelBuilder(builder);
    ManagedChannel channel = builder.build();
    OrdersGrpc.OrdersBlockingStub orders = OrdersGrpc.newBlockingStub(channel);
    Map<String, Integer> answersOf = new TreeMap<>();
    int failed = 0;
    for (int call = 1; call <= calls; call++) {
      try {
        Order order =
            orders
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .get(GetRequest.newBuilder().setId("order-" + call).build());
        answersOf.merge(order.getServedBy().getInstance(), 1, Integer::sum);
      } catch (StatusRuntimeException e) {
        failed++;
        System.out.println("call " + call + " failed: " + e.getStatus());
      }
      if (call % CALLS_PER_LINE == 0 || call == calls) {
        System.out.println("calls=" + call + " failed=" + failed + " answers=" + answersOf);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    double attempts =
        meters.find("grpc.client.attempt.started").counters().stream()
            .mapToDouble(Counter::count)
            .sum();
    System.out.printf("grpc.client.attempt.started=%.0f%n", attempts);
    channel.shutdown();
    channel.awaitTermination(5, TimeUnit.SECONDS);
    System.exit(failed == 0 ? 0 : 1);
  }
}
