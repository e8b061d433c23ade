package dev.holdfast.gateway.loop;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.annotation.Limit;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The client connections of one event loop, and their drain when the gateway closes. Confined to
 * that loop.
 */
final class LoopClients {
  @Limit(
      of = "time that a client has to read the last answers of a gateway that closes",
      then = "its connection is closed")
  static final Duration FINAL_READ_TIME = Duration.ofSeconds(1);

  @Limit(
      of = "time over which a gateway that closes tells its clients one after the other",
      then = "more of them are told at a time")
  static final Duration SPREAD = Duration.ofSeconds(2);

  private static final Duration TURN = Duration.ofMillis(10);
  private static final int AT_ONCE = 10;
  private static final int PARTS_OF_UNARY = 3;

  /** Begins with the code, by which a client of Holdfast knows the reason. */
  private static final String WHY = CloseReason.DRAINING.code() + " the gateway is draining";

  private final EventLoop loop;
  private final Random random;
  private final Set<ClientConnection> clients = new HashSet<>();
  private final Set<Channel> arriving = new HashSet<>();
  private Runnable onEmpty = () -> {};
  private @Nullable Promise<Void> drained;

  /**
   * Creates a set without connections.
   *
   * @param random gives the order in which clients are asked to leave
   */
  LoopClients(EventLoop loop, Random random) {
    this.loop = loop;
    this.random = random;
  }

  int size() {
    return clients.size();
  }

  /** The number of connections that are passed through byte for byte. */
  int tcpProxied() {
    return (int) clients.stream().filter(ClientConnection::isTcpProxied).count();
  }

  /**
   * Registers an accepted connection whose protocol is not known yet; a drain waits until it is.
   */
  void onAccepted(Channel channel) {
    arriving.add(channel);
    var unused =
        channel
            .closeFuture()
            .addListener(
                closed -> {
                  arriving.remove(channel);
                  completeIfEmpty();
                });
  }

  /** Registers a client connection; in a drain it is asked to leave at once. */
  void add(ClientConnection connection) {
    clients.add(connection);
    arriving.remove(connection.channel());
    var unused = connection.channel().closeFuture().addListener(closed -> onClosed(connection));
    if (drained != null) {
      connection.drain(WHY, FINAL_READ_TIME.toNanos());
    }
  }

  /**
   * Drains the clients as {@link ForwardingLoop#drain} describes. Clients are told in turns, ten in
   * 10 ms, so that they do not all reconnect at once; more at a time only if that would take too
   * long.
   *
   * @param last runs when all clients are gone, before the result completes
   */
  Future<Void> drain(Duration acknowledge, Duration unary, Duration streams, Runnable last) {
    Promise<Void> done = loop.newPromise();
    onEmpty = last;
    drained = done;
    Duration most = unary.dividedBy(PARTS_OF_UNARY);
    Duration spread = most.compareTo(SPREAD) < 0 ? most : SPREAD;
    inTurn(client -> client.drain(WHY, acknowledge.toNanos()), spread, () -> {});
    after(unary, () -> inTurn(client -> client.endCalls(false), spread, () -> {}));
    after(
        streams,
        () ->
            inTurn(
                client -> client.endCalls(true),
                spread,
                () -> after(FINAL_READ_TIME, this::closeAll)));
    completeIfEmpty();
    return done;
  }

  /** Applies a step to each client in random order, in turns. */
  private void inTurn(Consumer<ClientConnection> step, Duration spread, Runnable then) {
    List<ClientConnection> order = new ArrayList<>(clients);
    Collections.shuffle(order, random);
    int turns = (int) Math.max(1, spread.dividedBy(TURN));
    int atOnce = Math.max(AT_ONCE, (order.size() + turns - 1) / turns);
    turn(order.iterator(), atOnce, step, then);
  }

  private void turn(
      Iterator<ClientConnection> left, int atOnce, Consumer<ClientConnection> step, Runnable then) {
    for (int i = 0; i < atOnce && left.hasNext(); i++) {
      ClientConnection next = left.next();
      if (clients.contains(next)) {
        step.accept(next);
      }
    }
    if (left.hasNext()) {
      after(TURN, () -> turn(left, atOnce, step, then));
    } else {
      then.run();
    }
  }

  private void after(Duration time, Runnable task) {
    var unused = loop.schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void closeAll() {
    List.copyOf(clients)
        .forEach(
            client -> {
              var unused = client.channel().close();
            });
    for (Channel channel : List.copyOf(arriving)) {
      var unused = channel.close();
    }
  }

  private void onClosed(ClientConnection connection) {
    clients.remove(connection);
    completeIfEmpty();
  }

  private void completeIfEmpty() {
    Promise<Void> waiting = drained;
    if (waiting != null && clients.isEmpty() && arriving.isEmpty()) {
      onEmpty.run();
      waiting.trySuccess(null);
    }
  }
}
