package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The clients of one event loop, and how they leave when the gateway closes. On that loop. */
final class LoopClients {
  @Limit(
      of = "time that a client has to read the last answers of a gateway that closes",
      then = "its connection is closed")
  static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private static final String WHY = "the gateway closes";

  private final EventLoop loop;
  private final Set<ClientConnection> clients = new HashSet<>();
  private final Set<Channel> arriving = new HashSet<>();
  private Runnable onEmpty = () -> {};
  private @Nullable Promise<Void> drained;

  LoopClients(EventLoop loop) {
    this.loop = loop;
  }

  int size() {
    return clients.size();
  }

  /** How many of them have their bytes passed to an endpoint as they are. */
  int spliced() {
    return (int) clients.stream().filter(ClientConnection::isSpliced).count();
  }

  /** Somebody connected, and did not yet say what for; a drain waits until that is known. */
  void arrives(Channel channel) {
    arriving.add(channel);
    var unused =
        channel
            .closeFuture()
            .addListener(
                closed -> {
                  arriving.remove(channel);
                  endIfAlone();
                });
  }

  /** Is asked to leave when the gateway closes. */
  void add(ClientConnection connection) {
    clients.add(connection);
    arriving.remove(connection.channel());
    var unused = connection.channel().closeFuture().addListener(closed -> onClosed(connection));
    if (drained != null) {
      connection.leave(WHY, LAST_WORDS.toNanos());
    }
  }

  /**
   * Lets them go, as {@link ForwardingLoop#drain} says.
   *
   * @param last is run when all are gone, before the answer
   */
  Future<Void> drain(Duration acknowledge, Duration unary, Duration streams, Runnable last) {
    Promise<Void> done = loop.newPromise();
    onEmpty = last;
    drained = done;
    for (ClientConnection client : List.copyOf(clients)) {
      client.leave(WHY, acknowledge.toNanos());
    }
    var unusedUnary = loop.schedule(() -> endCalls(false), unary.toNanos(), TimeUnit.NANOSECONDS);
    var unusedStreams =
        loop.schedule(() -> endCalls(true), streams.toNanos(), TimeUnit.NANOSECONDS);
    var unusedRest =
        loop.schedule(this::closeAll, streams.plus(LAST_WORDS).toNanos(), TimeUnit.NANOSECONDS);
    endIfAlone();
    return done;
  }

  private void endCalls(boolean streamsToo) {
    List.copyOf(clients).forEach(client -> client.endCalls(streamsToo));
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
    endIfAlone();
  }

  private void endIfAlone() {
    Promise<Void> waiting = drained;
    if (waiting != null && clients.isEmpty() && arriving.isEmpty()) {
      onEmpty.run();
      waiting.trySuccess(null);
    }
  }
}
