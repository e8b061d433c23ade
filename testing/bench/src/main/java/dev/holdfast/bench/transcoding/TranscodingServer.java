package dev.holdfast.bench.transcoding;

import com.linecorp.armeria.server.grpc.GrpcService;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.v1.CounterGrpc;
import dev.holdfast.bench.v1.Item;
import dev.holdfast.bench.v1.Order;
import dev.holdfast.inprocess.HoldfastGateway;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * A child process: a gRPC service with an HTTP/JSON frontend in the same process, by Holdfast or by
 * Armeria. Both run the service's handlers on the event loops of their connections.
 */
public final class TranscodingServer {
  private static final String PORT = "PORT";
  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

  private TranscodingServer() {}

  /** The implementation of the HTTP/JSON frontend. */
  enum Kind {
    HOLDFAST,
    ARMERIA;

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Starts one; the same flags for all. */
  static ChildJvm start(RunResources runResources, Kind kind) throws IOException {
    return runResources.own(
        ChildJvm.start(
            kind.key(),
            TranscodingServer.class,
            List.of(
                "-Xms512m",
                "-Xmx512m",
                "-Dcom.linecorp.armeria.numCommonWorkers="
                    + Runtime.getRuntime().availableProcessors()),
            List.of(kind.name())));
  }

  /** The port that it listens on. */
  static int port(ChildJvm server) throws InterruptedException {
    return Integer.parseInt(server.await(PORT, START_TIMEOUT));
  }

  /** The main method of the child process; the argument is {@code KIND}. */
  public static void main(String[] args) throws Exception {
    int port =
        Kind.valueOf(args[0]) == Kind.HOLDFAST
            ? holdfast(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            : armeria(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    ParentLine parent = new ParentLine();
    parent.say("%s %d", PORT, port);
    while (!parent.next().isEmpty()) {
      // Nothing is asked of servers but to be there.
    }
    System.exit(0);
  }

  private static int holdfast(InetSocketAddress address) throws IOException {
    return HoldfastGateway.inProcess(
            NettyServerBuilder.forAddress(address).addService(new Counter()).build())
        .directExecutor()
        .listen(address)
        .address()
        .getPort();
  }

  private static int armeria(InetSocketAddress address) {
    com.linecorp.armeria.server.Server server =
        com.linecorp.armeria.server.Server.builder()
            .http(address)
            .service(
                GrpcService.builder()
                    .addService(new Counter())
                    .enableHttpJsonTranscoding(true)
                    .build())
            .build();
    CompletableFuture<Void> started = server.start();
    started.join();
    return server.activeLocalPort();
  }

  /** The service; the same class for both. */
  private static final class Counter extends CounterGrpc.CounterImplBase {
    @Override
    public void putItem(Item item, StreamObserver<Item> answer) {
      answer.onNext(item);
      answer.onCompleted();
    }

    @Override
    public void putOrder(Order order, StreamObserver<Order> answer) {
      answer.onNext(order);
      answer.onCompleted();
    }
  }
}
