package dev.holdfast.examples;

import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.OrdersGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * A program of grpc-java as others write it, which has never heard of Holdfast: calls the target it
 * is given and says who answered, until its standard input ends.
 */
final class StockProgram {
  private static final int CALLS_PER_LINE = 20;

  private StockProgram() {}

  public static void main(String[] args) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build();
    OrdersGrpc.OrdersBlockingStub stub = OrdersGrpc.newBlockingStub(channel);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (orders.readLine() != null) {
      TreeSet<String> answered = new TreeSet<>();
      for (int i = 0; i < CALLS_PER_LINE; i++) {
        answered.add(call(stub));
      }
      System.out.println("answered " + String.join("+", answered));
    }
    channel.shutdownNow();
  }

  private static String call(OrdersGrpc.OrdersBlockingStub orders) {
    try {
      return orders
          .withDeadlineAfter(60, TimeUnit.SECONDS)
          .get(GetRequest.newBuilder().setId("1").build())
          .getServedBy()
          .getInstance();
    } catch (StatusRuntimeException e) {
      return String.valueOf(e.getStatus().getCode());
    }
  }
}
