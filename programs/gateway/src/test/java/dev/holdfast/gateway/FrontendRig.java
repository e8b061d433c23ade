package dev.holdfast.gateway;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.ClusterTranscoders;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import io.grpc.ServerInterceptors;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A gateway with frontends in front of a stock server, and HTTP clients. */
final class FrontendRig implements AutoCloseable {
  static final HttpTranscoder TRANSCODER =
      HttpTranscoder.of(ServiceCatalog.of(List.of(GreetProto.getDescriptor().toProto())));
  static final ClusterTranscoders KNOWN =
      new ClusterTranscoders() {
        @Override
        public Optional<HttpTranscoder> of(Cluster cluster) {
          return Optional.of(TRANSCODER);
        }
      };

  final Greetings greetings = new Greetings();
  final GatewayRig rig = new GatewayRig();
  final Gateway gateway;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  FrontendRig() throws IOException {
    this(KNOWN);
  }

  FrontendRig(ClusterTranscoders clusterTranscoders) throws IOException {
    this(clusterTranscoders, GatewayLimits.DEFAULT);
  }

  FrontendRig(ClusterTranscoders clusterTranscoders, GatewayLimits limits) throws IOException {
    this(clusterTranscoders, limits, GatewayMemory.ofProcess());
  }

  FrontendRig(ClusterTranscoders clusterTranscoders, GatewayLimits limits, GatewayMemory memory)
      throws IOException {
    this(clusterTranscoders, limits, memory, Transport.PLAINTEXT);
  }

  FrontendRig(
      ClusterTranscoders clusterTranscoders,
      GatewayLimits limits,
      GatewayMemory memory,
      Transport transport)
      throws IOException {
    rig.limits(limits).memory(memory).transport(transport);
    String endpoint =
        rig.serve(
            () -> ServerInterceptors.intercept(greetings.bindService(), greetings.interceptor()));
    gateway = open(rig, clusterTranscoders, endpoint);
  }

  static Gateway open(GatewayRig rig, ClusterTranscoders clusterTranscoders, String... endpoints)
      throws IOException {
    HttpFrontend frontend =
        HttpFrontend.of(clusterTranscoders).withCors(CorsPolicy.of("https://shop.example"));
    return rig.frontend(frontend).gateway(endpoints);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + gateway.address().getPort() + path))
        .timeout(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS));
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = request(path);
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request = request(path).POST(BodyPublishers.ofString(body));
    return send(
        headers.length == 0
            ? request.header("content-type", "application/json")
            : request.headers(headers));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<byte[]> postBytes(String path, byte[] body, String... headers) throws Exception {
    return client.send(
        request(path).headers(headers).POST(BodyPublishers.ofByteArray(body)).build(),
        BodyHandlers.ofByteArray());
  }

  HttpResponse<byte[]> bytes(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofByteArray());
  }

  HttpResponse<InputStream> open(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofInputStream());
  }

  /** The head of a request. */
  static String lines(String... lines) {
    return String.join("\r\n", lines) + "\r\n\r\n";
  }

  /** What comes back for these bytes until the gateway closes the connection. */
  String raw(String request) throws IOException {
    try (Socket socket = socket()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A client that asks for small things at the same endpoint all the time. */
  BackgroundCaller backgroundCaller() {
    return BackgroundCaller.of(
        () -> {
          HttpResponse<String> answer = get("/v1/hello/bystander");
          if (answer.statusCode() != 200) {
            throw new IOException(answer.statusCode() + " " + answer.body());
          }
        });
  }

  Socket socket() throws IOException {
    InetSocketAddress address = gateway.address();
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout((int) Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS).toMillis());
    return socket;
  }

  @Override
  public void close() {
    rig.close();
  }
}
