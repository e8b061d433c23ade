package dev.holdfast.inprocess;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** A stock server whose services are served over HTTP too, and a client that knows only HTTP. */
final class InProcessRig implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  final Greetings greetings = new Greetings();
  final Server server;
  final HttpListener http;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  InProcessRig() throws IOException {
    this(UnaryOperator.identity());
  }

  InProcessRig(UnaryOperator<HoldfastGateway> setting) throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(greetings)
            .intercept(greetings)
            .build();
    http = setting.apply(HoldfastGateway.inProcess(server)).listen(0);
  }

  static HttpRequest.Builder request(InetSocketAddress address, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path))
        .timeout(PATIENCE)
        .header("x-token", "me");
  }

  HttpRequest.Builder request(String path) {
    return request(http.address(), path);
  }

  HttpResponse<String> get(String path) throws Exception {
    return send(request(path));
  }

  HttpResponse<String> post(String method, String body) throws Exception {
    return post(method, body, "application/json");
  }

  HttpResponse<String> post(String method, String body, String type) throws Exception {
    return send(
        request("/test.inprocess.Greeter/" + method)
            .header("content-type", type)
            .POST(BodyPublishers.ofString(body)));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<byte[]> sendForBytes(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofByteArray());
  }

  HttpResponse<InputStream> open(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofInputStream());
  }

  @Override
  public void close() {
    http.close();
    server.shutdownNow();
  }
}
