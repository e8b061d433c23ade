package dev.holdfast.bench.process;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** A real etcd process on loopback. Its data is in a scratch folder of the run. */
public final class LocalEtcd implements AutoCloseable {
  private static final Duration METRICS_TIMEOUT = Duration.ofSeconds(10);

  private final EtcdProcess process;

  private LocalEtcd(EtcdProcess process) {
    this.process = process;
  }

  /** Starts it and waits until it serves. */
  public static LocalEtcd start(RunResources runResources) throws IOException {
    ScratchFolder folder = runResources.own(ScratchFolder.create("holdfast-bench-etcd"));
    return runResources.own(new LocalEtcd(EtcdProcess.start(folder.path())));
  }

  /** The address for clients, as {@code host:port}. */
  public String address() {
    return process.address();
  }

  /** Ends it as an operator would; its data stays. */
  public void stop() {
    process.stop();
  }

  /** Starts it again with its old data and waits until it serves. */
  public void startAgain() throws IOException {
    process.start();
    process.awaitHealthy();
  }

  /**
   * The value of a metric that etcd exports.
   *
   * @throws IllegalStateException when etcd exports no such metric
   */
  public double metric(String name) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + process.ports().metrics() + "/metrics");
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(uri).timeout(METRICS_TIMEOUT).build(),
                HttpResponse.BodyHandlers.ofString());
    return response
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("etcd's metrics have no " + name));
  }

  @Override
  public void close() {
    process.close();
  }
}
