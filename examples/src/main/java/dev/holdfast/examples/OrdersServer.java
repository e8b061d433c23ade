package dev.holdfast.examples;

import dev.holdfast.core.HostPort;
import dev.holdfast.examples.v1.ServedBy;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * A service that is found by its name, and can be restarted without a failed call.
 *
 * <pre>
 * HOLDFAST_REGISTRY=file:///tmp/holdfast/demo OrdersServer [port]
 * </pre>
 *
 * <p>The port is a free one unless given. HOLDFAST_INSTANCE names this instance in its answers,
 * HOLDFAST_ZONE says where it runs. SIGTERM drains it.
 */
public final class OrdersServer {
  private OrdersServer() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] args) throws IOException, InterruptedException {
    int port = args.length == 0 ? 0 : Integer.parseInt(args[0]);
    HoldfastServer server = start(port, "holdfast:///orders");
    System.out.println("READY " + server.getPort());
    server.awaitTermination();
  }

  private static HoldfastServer start(int port, String target) throws IOException {
    CompletableFuture<HoldfastServer> self = new CompletableFuture<>();
    HoldfastServer server =
        HoldfastServerBuilder.forPort(port)
            .addService(new OrdersService(() -> servedBy(self.join())))
            .register(target)
            .drainOnJvmShutdown(true)
            .build();
    self.complete(server);
    return server.start();
  }

  private static ServedBy servedBy(HoldfastServer server) {
    String address = server.registration().address().map(HostPort::toString).orElse("unknown");
    return ServedBy.newBuilder()
        .setInstance(System.getenv().getOrDefault("HOLDFAST_INSTANCE", address))
        .setAddress(address)
        .setZone(System.getenv().getOrDefault("HOLDFAST_ZONE", ""))
        .build();
  }
}
