package dev.holdfast.lab.kubernetes;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Asks an {@link ApiServer} as a client with nothing of Holdfast would. */
final class ApiCalls {
  static final String SLICES = "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices";
  static final String ALL_SLICES = "/apis/discovery.k8s.io/v1/endpointslices";
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String url;
  private final HttpClient client;

  ApiCalls(ApiServer server) {
    this(server.url(), HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
  }

  ApiCalls(String url, HttpClient client) {
    this.url = url;
    this.client = client;
  }

  HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    return client.send(request(path, headers), BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> getLater(String path) {
    return client.sendAsync(request(path), BodyHandlers.ofString());
  }

  /** Begins a watch and waits for its head. */
  Watched watch(String path) throws Exception {
    Watched watched = new Watched();
    HttpResponse<java.util.stream.Stream<String>> response =
        client
            .sendAsync(request(path), BodyHandlers.ofLines())
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    Thread reader =
        new Thread(
            () -> {
              try {
                response.body().forEach(watched::add);
                watched.finish("end");
              } catch (java.io.UncheckedIOException e) {
                watched.finish("broken");
              }
            },
            "watch-reader");
    reader.setDaemon(true);
    watched.code = response.statusCode();
    reader.start();
    return watched;
  }

  private HttpRequest request(String path, String... headers) {
    HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(url + path)).timeout(PATIENCE);
    if (headers.length > 0) {
      builder.headers(headers);
    }
    return builder.build();
  }

  /** The version in the metadata of a list. */
  static String version(HttpResponse<String> list) {
    return between(list.body(), "\"metadata\":{\"resourceVersion\":\"", "\"");
  }

  static String between(String text, String before, String after) {
    int from = text.indexOf(before);
    if (from < 0) {
      throw new AssertionError("no " + before + " in " + text);
    }
    return text.substring(from + before.length(), text.indexOf(after, from + before.length()));
  }

  /** The lines of a watch, as they come. */
  static final class Watched {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private final List<String> lines = new ArrayList<>();
    private String ending = "";
    int code;

    /** Waits for some more lines and gives all of them; fewer only when the watch has ended. */
    List<String> await(int count) throws InterruptedException {
      return awaitUntil(() -> lines.size() >= count || !ending.isEmpty());
    }

    /** Waits for the end and says how it came: {@code end} or {@code broken}. */
    String awaitEnd() throws InterruptedException {
      var unused = awaitUntil(() -> !ending.isEmpty());
      return ending;
    }

    List<String> lines() {
      lock.lock();
      try {
        return List.copyOf(lines);
      } finally {
        lock.unlock();
      }
    }

    private List<String> awaitUntil(java.util.function.BooleanSupplier done)
        throws InterruptedException {
      long left = PATIENCE.toNanos();
      lock.lock();
      try {
        while (!done.getAsBoolean()) {
          if (left <= 0) {
            throw new AssertionError("the watch said only " + lines);
          }
          left = more.awaitNanos(left);
        }
        return List.copyOf(lines);
      } finally {
        lock.unlock();
      }
    }

    private void add(String line) {
      lock.lock();
      try {
        lines.add(line);
        more.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private void finish(String how) {
      lock.lock();
      try {
        ending = how;
        more.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
