package dev.holdfast.examples;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.Subscription;
import dev.holdfast.examples.v1.FollowRequest;
import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.Order;
import dev.holdfast.examples.v1.OrderEvent;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.examples.v1.PlaceRequest;
import dev.holdfast.examples.v1.ServedBy;
import dev.holdfast.grpc.HoldfastServer;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * The sample service. Every answer names the instance that gave it.
 *
 * <p>Orders live in the memory of one instance: enough to see which instance a call reached and
 * whether a call took effect twice.
 */
public final class OrdersService extends OrdersGrpc.OrdersImplBase {
  private static final String[] STATES = {"placed", "packed", "shipped", "delivered"};
  private static final int DEFAULT_INTERVAL_MILLIS = 1_000;
  private static final int MAX_ORDERS = 100_000;

  private final Supplier<ServedBy> servedBy;
  private final Map<String, Order> orders = new ConcurrentHashMap<>();
  private final AtomicLong placed = new AtomicLong();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "orders-timer");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * @param servedBy who answers; asked per call, because the advertised address is known only after
   *     the server has started
   */
  public OrdersService(Supplier<ServedBy> servedBy) {
    this.servedBy = servedBy;
  }

  /** An instance whose name, address and zone are known beforehand. */
  public OrdersService(String instance, String address, String zone) {
    ServedBy fixed =
        ServedBy.newBuilder().setInstance(instance).setAddress(address).setZone(zone).build();
    this.servedBy = () -> fixed;
  }

  /** The number of orders placed at this instance, which a repeated call would increase. */
  public long placedOrders() {
    return placed.get();
  }

  @Override
  public void get(GetRequest request, StreamObserver<Order> responses) {
    Order order = orders.get(request.getId());
    Order.Builder answer =
        order != null
            ? order.toBuilder()
            : Order.newBuilder().setId(request.getId()).setItem("sample").setQuantity(1);
    responses.onNext(answer.setServedBy(servedBy.get()).build());
    responses.onCompleted();
  }

  @Override
  public void place(PlaceRequest request, StreamObserver<Order> responses) {
    ServedBy who = servedBy.get();
    Order order =
        Order.newBuilder()
            .setId(who.getInstance() + "-" + placed.incrementAndGet())
            .setItem(request.getItem())
            .setQuantity(request.getQuantity())
            .setServedBy(who)
            .build();
    if (orders.size() < MAX_ORDERS) {
      orders.put(order.getId(), order);
    }
    responses.onNext(order);
    responses.onCompleted();
  }

  @Override
  public void follow(FollowRequest request, StreamObserver<OrderEvent> responses) {
    new Following(request, (ServerCallStreamObserver<OrderEvent>) responses).start();
  }

  /**
   * A call of Follow. Its events are sent under its own lock, because a StreamObserver is not
   * thread-safe.
   */
  private final class Following {
    private final FollowRequest request;
    private final ServerCallStreamObserver<OrderEvent> responses;
    private long sequence;
    private boolean ended;

    Following(FollowRequest request, ServerCallStreamObserver<OrderEvent> responses) {
      this.request = request;
      this.responses = responses;
    }

    void start() {
      int wanted = request.getIntervalMillis();
      int intervalMillis = wanted == 0 ? DEFAULT_INTERVAL_MILLIS : Math.max(1, wanted);
      ScheduledFuture<?> ticks =
          timer.scheduleAtFixedRate(() -> send(false), 0, intervalMillis, TimeUnit.MILLISECONDS);
      // Only a Holdfast server says when it is about to leave.
      DrainSignal drain = HoldfastServer.DRAIN.get();
      Subscription told = drain == null ? () -> {} : drain.onDrain(() -> send(true));
      Runnable stop =
          () -> {
            ticks.cancel(false);
            told.close();
          };
      responses.setOnCancelHandler(stop);
      responses.setOnCloseHandler(stop);
    }

    synchronized void send(boolean draining) {
      if (ended || responses.isCancelled()) {
        return;
      }
      String state = STATES[(int) Math.min(sequence, STATES.length - 1)];
      sequence++;
      responses.onNext(
          OrderEvent.newBuilder()
              .setId(request.getId())
              .setSequence(sequence)
              .setState(state)
              .setDraining(draining)
              .setServedBy(servedBy.get())
              .build());
      if (draining || sequence == STATES.length) {
        ended = true;
        responses.onCompleted();
      }
    }
  }
}
