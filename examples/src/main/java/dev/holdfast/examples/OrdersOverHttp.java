package dev.holdfast.examples;

import dev.holdfast.inprocess.HoldfastGateway;
import dev.holdfast.inprocess.HttpListener;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * A service with two frontends in one process: gRPC on one port, and HTTP/JSON, gRPC-Web, Connect
 * and WebSockets on another. The gRPC server is grpc-java's own.
 *
 * <pre>
 * OrdersOverHttp [port of gRPC] [port of HTTP]
 *
 * curl --json '{"id": "7"}' http://127.0.0.1:8080/holdfast.examples.v1.Orders/Get
 * curl --json '{"id": "7"}' http://127.0.0.1:8080/holdfast.examples.v1.Orders/Follow
 * curl http://127.0.0.1:8080/openapi.json
 * </pre>
 *
 * <p>The default ports are 50051 and 8080; 0 means any free port. gRPC listens on all addresses,
 * HTTP on the loopback address. SIGTERM lets requests end.
 */
public final class OrdersOverHttp implements AutoCloseable {
  private final Server server;
  private final HttpListener http;

  private OrdersOverHttp(Server server, HttpListener http) {
    this.server = server;
    this.http = http;
  }

  /** Serves until the process is told to stop. */
  public static void main(String[] args) throws IOException, InterruptedException {
    int grpcPort = args.length < 1 ? 50_051 : Integer.parseInt(args[0]);
    int httpPort = args.length < 2 ? 8_080 : Integer.parseInt(args[1]);
    OrdersOverHttp orders = start(grpcPort, httpPort);
    Runtime.getRuntime().addShutdownHook(new Thread(orders::close, "orders-stop"));
    System.out.println("READY " + orders.server.getPort() + " " + orders.http().getPort());
    orders.server.awaitTermination();
  }

  static OrdersOverHttp start(int grpcPort, int httpPort) throws IOException {
    Server server =
        Grpc.newServerBuilderForPort(grpcPort, InsecureServerCredentials.create())
            .addService(new OrdersService("here", "127.0.0.1", ""))
            .build()
            .start();
    try {
      // Requests become calls of the handlers, within the server's interceptors.
      HttpListener http =
          HoldfastGateway.inProcess(server).withOpenApi("Orders", "1").listen(httpPort);
      return new OrdersOverHttp(server, http);
    } catch (IOException e) {
      server.shutdownNow();
      throw e;
    }
  }

  /** The address on which HTTP is served. */
  InetSocketAddress http() {
    return http.address();
  }

  /** Lets requests end; those over HTTP first, as they need the handlers. */
  @Override
  public void close() {
    http.close();
    server.shutdown();
  }
}
