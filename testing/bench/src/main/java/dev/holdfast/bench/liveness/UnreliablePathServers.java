package dev.holdfast.bench.liveness;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A child process with two servers that give a silent client up after the same time. One uses stock
 * keepalive; the other uses Holdfast, which sends PINGs earlier and waits longer. Each counts the
 * streams of its devices, one per connection, and the times of their ends.
 */
final class UnreliablePathServers {
  /** The line that the child prints when both servers listen. */
  static final String LISTENING = "LISTENING";

  /**
   * The command for the numbers of open streams, and the word before the answer: stock, then
   * Holdfast.
   */
  static final String OPEN = "OPEN";

  /**
   * The command for the numbers of streams that have ended so far, and the word before the answer:
   * stock, then Holdfast.
   */
  static final String ENDED = "ENDED";

  /**
   * The command for the end times of streams since a moment, which the command names. Each server
   * answers once.
   */
  static final String TIMES = "TIMES";

  /** Milliseconds from that moment to each end of a stream since, of the stock server. */
  static final String STOCK = "STOCK";

  /**
   * The times from that moment to each end of a stream since, of the Holdfast server; in
   * milliseconds.
   */
  static final String HOLDFAST = "HOLDFAST";

  /** The floor of grpc-java, in place of the field notes' 60 s, and their timeout. */
  static final Duration STOCK_TIME = Duration.ofSeconds(10);

  static final Duration STOCK_TIMEOUT = Duration.ofSeconds(5);

  /** The silence after which both servers give a client up. */
  static final Duration LIMIT = STOCK_TIME.plus(STOCK_TIMEOUT);

  static final Duration HOLDFAST_IDLE = Duration.ofSeconds(5);
  static final Duration HOLDFAST_PATIENCE = LIMIT.minus(HOLDFAST_IDLE);
  private static final Duration HOLDFAST_SPACING = Duration.ofSeconds(1);

  private UnreliablePathServers() {}

  /** The program: {@code HOST:PORT HOST:PORT}, of the stock server and of Holdfast's. */
  public static void main(String[] args) throws Exception {
    Ends stock = new Ends();
    Ends holdfast = new Ends();
    List<Server> servers =
        List.of(stock(address(args[0]), stock), holdfast(address(args[1]), holdfast));
    ParentLine parent = new ParentLine();
    parent.say("%s", LISTENING);
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      switch (asked) {
        case OPEN -> parent.say("%s %d %d", OPEN, stock.open.get(), holdfast.open.get());
        case ENDED ->
            parent.say("%s %d %d", ENDED, stock.endedNanos.size(), holdfast.endedNanos.size());
        default -> {
          long fromNanos = Long.parseLong(asked.substring(TIMES.length()).strip());
          parent.say("%s %s", STOCK, stock.millisSince(fromNanos));
          parent.say("%s %s", HOLDFAST, holdfast.millisSince(fromNanos));
        }
      }
    }
    servers.forEach(Server::shutdownNow);
    System.exit(0);
  }

  private static Server stock(InetSocketAddress at, Ends ends) throws IOException {
    return NettyServerBuilder.forAddress(at)
        .keepAliveTime(STOCK_TIME.toNanos(), TimeUnit.NANOSECONDS)
        .keepAliveTimeout(STOCK_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
        .addService(ends)
        .build()
        .start();
  }

  private static Server holdfast(InetSocketAddress at, Ends ends) throws IOException {
    return HoldfastServerBuilder.forAddress(at, InsecureServerCredentials.create())
        .registries(Registries.shared())
        .drainOnJvmShutdown(false)
        .liveness(
            LivenessOptions.DEFAULT
                .withProbing(HOLDFAST_IDLE, HOLDFAST_SPACING)
                .withPatience(HOLDFAST_PATIENCE, HOLDFAST_PATIENCE)
                // The kernel completes the close, as with stock grpc-java.
                .withTcp(LivenessOptions.DEFAULT.tcp()))
        .addService(ends)
        .build()
        .start();
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    return new InetSocketAddress(
        text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  /**
   * Holds a stream for each device and counts when it ends, which only the server's own verdict
   * makes it. Not the ends of connections: stock ends the stream, and may keep the connection for
   * minutes after.
   */
  private static final class Ends extends EchoGrpc.EchoImplBase {
    private final AtomicInteger open = new AtomicInteger();
    private final Queue<Long> endedNanos = new ConcurrentLinkedQueue<>();

    @Override
    public void hold(EchoRequest request, StreamObserver<EchoReply> news) {
      ((ServerCallStreamObserver<EchoReply>) news).setOnCancelHandler(this::onEnd);
      open.incrementAndGet();
    }

    private void onEnd() {
      open.decrementAndGet();
      endedNanos.add(System.nanoTime());
    }

    String millisSince(long fromNanos) {
      return endedNanos.stream()
          .filter(nanos -> nanos - fromNanos > 0)
          .map(nanos -> String.valueOf(TimeUnit.NANOSECONDS.toMillis(nanos - fromNanos)))
          .collect(Collectors.joining(" "));
    }
  }
}
