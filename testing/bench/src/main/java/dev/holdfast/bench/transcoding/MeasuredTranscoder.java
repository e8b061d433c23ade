package dev.holdfast.bench.transcoding;

import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.process.KernelTables;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A measured server process with its load. Confined to one thread. */
final class MeasuredTranscoder {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long LONGEST_SECONDS = 120;
  private static final long FIRST_CALLS = 400;
  private static final long FIRST_LARGE_CALLS = 32;

  private final TranscodingServer.Kind kind;
  private final ChildJvm server;
  private final int port;
  private final Path folder;
  private final Map<TranscodingWork, Integer> trueBytes = new EnumMap<>(TranscodingWork.class);
  private final Map<TranscodingWork, Double> callsPerSecond = new EnumMap<>(TranscodingWork.class);

  /**
   * A process that is starting.
   *
   * @param folder for files of h2load
   */
  MeasuredTranscoder(TranscodingServer.Kind kind, ChildJvm server, Path folder)
      throws InterruptedException {
    this.kind = kind;
    this.server = server;
    this.folder = folder;
    this.port = TranscodingServer.port(server);
  }

  TranscodingServer.Kind kind() {
    return kind;
  }

  /** Asks once for each work and keeps how long the true answer is. */
  void requireTruth() throws IOException, InterruptedException {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    for (TranscodingWork work : TranscodingWork.values()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url(work)))
              .timeout(PATIENCE)
              .header("content-type", "application/json")
              .POST(BodyPublishers.ofByteArray(work.requestBody()))
              .build();
      HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
      if (answer.statusCode() != 200 || !work.isTrue(answer.body())) {
        throw new IllegalStateException(
            kind.key() + ", " + work.key() + ": " + answer.statusCode() + " " + answer.body());
      }
      trueBytes.put(work, answer.body().getBytes(StandardCharsets.UTF_8).length);
    }
  }

  /** Makes the given number of calls, in pieces of about a second. */
  void warmUp(TranscodingWork work, long calls) throws IOException, InterruptedException {
    long next = Math.min(first(work), calls);
    for (long done = 0; done < calls; ) {
      done += next;
      run(work, next);
      next = Math.min(Math.max(first(work), (long) rate(work)), Math.max(1, calls - done));
    }
  }

  /** CPU time of the process per call, over about so many seconds of as many calls as it takes. */
  double cpuMicros(TranscodingWork work, double seconds) throws IOException, InterruptedException {
    long calls = Math.max(first(work), (long) (rate(work) * seconds));
    double before = KernelTables.cpuMicros(server.pid());
    long done = run(work, calls);
    // What is less than a tick can't be told from nothing, and nothing has no ratio.
    double cpu =
        Math.max(KernelTables.MICROS_PER_TICK / 2, KernelTables.cpuMicros(server.pid()) - before);
    return cpu / done;
  }

  /** Calls per second in the last run. */
  double rate(TranscodingWork work) {
    return callsPerSecond.getOrDefault(work, (double) first(work));
  }

  private static long first(TranscodingWork work) {
    return work.isLarge() ? FIRST_LARGE_CALLS : FIRST_CALLS;
  }

  private long run(TranscodingWork work, long wanted) throws IOException, InterruptedException {
    // h2load refuses less than a call for each connection; the rest of a warm-up may be less.
    long calls = Math.max(wanted, work.connections());
    Path output = folder.resolve("h2load.out");
    Process process =
        new ProcessBuilder(command(work, calls))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("h2load took longer than " + LONGEST_SECONDS + " s");
      }
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(output, StandardCharsets.UTF_8);
    H2load.requireAllAnswered(said, trueBytes.getOrDefault(work, 0), calls);
    callsPerSecond.put(work, H2load.callsPerSecond(said));
    return calls;
  }

  private List<String> command(TranscodingWork work, long calls) throws IOException {
    Path body = folder.resolve("body-" + work.name());
    if (Files.notExists(body)) {
      Files.write(body, work.requestBody());
    }
    List<String> command =
        new ArrayList<>(List.of(H2load.TOOL.path(), "-n" + calls, "-c" + work.connections()));
    command.addAll(work.load());
    command.addAll(List.of("-d" + body, "-Hcontent-type: application/json", url(work)));
    return command;
  }

  private String url(TranscodingWork work) {
    return "http://127.0.0.1:" + port + work.path();
  }
}
