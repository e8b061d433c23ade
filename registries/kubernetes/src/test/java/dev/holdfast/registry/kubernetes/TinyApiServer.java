package dev.holdfast.registry.kubernetes;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * An API server that answers every request with the next prepared answer: for what goes over the
 * wire, request by request. The test kit's {@code FakeApiServer} is the one that behaves.
 */
final class TinyApiServer implements AutoCloseable {
  private static final String HANG = "hang";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

  private record Answer(int status, String retryAfter, String body, boolean open) {}

  TinyApiServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** What was asked, with all parameters, in order. */
  List<String> requests() {
    return requests;
  }

  /** The tokens of those requests. */
  List<String> tokens() {
    return tokens;
  }

  TinyApiServer answer(int status, String body) {
    answers.add(new Answer(status, "", body, false));
    return this;
  }

  TinyApiServer busy(int retryAfterSeconds) {
    answers.add(new Answer(429, Integer.toString(retryAfterSeconds), "busy", false));
    return this;
  }

  /** An answer that goes on after these words. */
  TinyApiServer watch(String... words) {
    answers.add(new Answer(200, "", String.join("\n", words) + "\n", true));
    return this;
  }

  /** A watch that ends in good order after these words. */
  TinyApiServer endingWatch(String... words) {
    return answer(200, String.join("\n", words) + "\n");
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** A kubeconfig for this server, in plain HTTP. */
  Path kubeconfig(Path folder, String user) throws IOException {
    return Kubeconfigs.write(folder, "http://127.0.0.1:" + port(), user);
  }

  static String list(String version, String... slices) {
    return """
    {"kind":"EndpointSliceList","metadata":{"resourceVersion":"%s"},"items":[%s]}\
    """
        .formatted(version, String.join(",", slices));
  }

  static String word(String type, String object) {
    return "{\"type\":\"" + type + "\",\"object\":" + object + "}";
  }

  static String bookmark(String version) {
    return word("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" + version + "\"}}");
  }

  static String error(int code, String reason) {
    return "{\"kind\":\"Status\",\"code\":" + code + ",\"reason\":\"" + reason + "\"}";
  }

  /** A slice of the Service orders with ready pods at these addresses, and the port grpc. */
  static String slice(String name, String version, String... addresses) {
    StringBuilder endpoints = new StringBuilder();
    for (String address : addresses) {
      endpoints
          .append(endpoints.isEmpty() ? "" : ",")
          .append("{\"addresses\":[\"")
          .append(address)
          .append("\"]}");
    }
    return """
    {"metadata":{"name":"%s","resourceVersion":"%s",\
    "labels":{"kubernetes.io/service-name":"orders"}},"addressType":"IPv4",\
    "ports":[{"name":"grpc","port":50051}],"endpoints":[%s]}\
    """
        .formatted(name, version, endpoints);
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestURI().toString());
    tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    Answer answer = answers.poll();
    if (answer == null) {
      answer = new Answer(200, "", HANG, true);
    }
    if (!answer.retryAfter().isEmpty()) {
      exchange.getResponseHeaders().add("Retry-After", answer.retryAfter());
    }
    exchange.sendResponseHeaders(answer.status(), 0);
    OutputStream body = exchange.getResponseBody();
    if (!answer.body().equals(HANG)) {
      body.write(answer.body().getBytes(StandardCharsets.UTF_8));
    }
    body.flush();
    if (!answer.open()) {
      exchange.close();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
