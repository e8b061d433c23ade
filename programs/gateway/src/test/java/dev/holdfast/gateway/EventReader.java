package dev.holdfast.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A client of server-sent events, which reads one at a time and remembers the last id. */
final class EventReader implements AutoCloseable {
  /**
   * One event.
   *
   * @param id empty for none
   * @param name {@code message} unless it has one
   */
  record Event(String id, String name, String data) {}

  private final HttpResponse<InputStream> response;
  private final BufferedReader lines;
  private final List<Integer> retryMillis = new ArrayList<>();
  private String lastId = "";

  private EventReader(HttpResponse<InputStream> response) {
    this.response = response;
    this.lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  /**
   * Asks for a stream on a connection of its own; the head of the response may wait for a message.
   *
   * @param lastId the id of the last event that is known; empty for none
   */
  static CompletableFuture<EventReader> begin(
      InetSocketAddress at, String path, String lastId, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + at.getPort() + path))
            .header("accept", "text/event-stream")
            .timeout(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS));
    if (!lastId.isEmpty()) {
      request.header("last-event-id", lastId);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    return client
        .sendAsync(request.build(), BodyHandlers.ofInputStream())
        .thenApply(EventReader::new);
  }

  int status() {
    return response.statusCode();
  }

  @Nullable String header(String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  /** The id of the last event, as a browser would send it. */
  String lastId() {
    return lastId;
  }

  /** The reconnection times that arrived, in order. */
  List<Integer> retryMillis() {
    return List.copyOf(retryMillis);
  }

  /** The rest of the response. */
  String rest() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      text.append(line).append('\n');
    }
    return text.toString();
  }

  /** The next event with data; null at the end of the response. */
  @Nullable Event next() throws IOException {
    String id = "";
    String name = "message";
    List<String> data = new ArrayList<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("id: ")) {
        id = line.substring(4);
      } else if (line.startsWith("retry: ")) {
        retryMillis.add(Integer.parseInt(line.substring(7)));
      } else if (line.startsWith("event: ")) {
        name = line.substring(7);
      } else if (line.startsWith("data: ")) {
        data.add(line.substring(6));
      } else if (line.isEmpty()) {
        lastId = id.isEmpty() ? lastId : id;
        if (!data.isEmpty()) {
          return new Event(id, name, String.join("\n", data));
        }
      }
    }
    return null;
  }

  /** The numbers of the next replies. */
  List<Integer> numbers(int replies) throws IOException {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < replies; i++) {
      Event event = next();
      if (event == null || !event.name().equals("message")) {
        throw new AssertionError("after " + numbers + ": " + event);
      }
      numbers.add(Integer.parseInt(event.data().replaceAll(".*\"number\":\"([0-9]+)\".*", "$1")));
    }
    return numbers;
  }

  @Override
  public void close() throws IOException {
    response.body().close();
  }
}
