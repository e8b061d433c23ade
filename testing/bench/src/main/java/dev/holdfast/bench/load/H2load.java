package dev.holdfast.bench.load;

import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Sample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The load of nghttp2's h2load: a fixed number of calls, each of which must be answered with the
 * expected number of bytes.
 */
public final class H2load {
  public static final ExternalTool TOOL = new ExternalTool("h2load", "nghttp2-client");

  /** The rate of an unpaced load: as fast as the answers come. */
  public static final int SATURATION = 0;

  private static final long LONGEST_SECONDS = 120;
  private static final Pattern RATE = Pattern.compile("finished in [^,]+, ([0-9.]+) req/s");
  private static final Pattern SUCCEEDED = Pattern.compile("requests: .* ([0-9]+) succeeded");
  private static final Pattern OK = Pattern.compile("status codes: ([0-9]+) 2xx");
  private static final Pattern DATA = Pattern.compile("traffic: .*\\(([0-9]+)\\) data");
  private static final int COLUMN_STATUS = 1;
  private static final int COLUMN_MICROS = 2;

  private final Path folder;

  /**
   * @param folder for its files
   */
  public H2load(Path folder) {
    this.folder = folder;
  }

  /**
   * The figures of one run.
   *
   * @param calls number of calls, all answered
   * @param callsPerSecond rate over the whole run
   * @param micros latency of each call, in microseconds
   */
  public record Load(long calls, double callsPerSecond, Sample micros) {}

  /**
   * Makes calls and waits until all are answered.
   *
   * @param calls at least one per connection; rounded to a multiple of the connections
   * @param rate calls per second over all connections, or {@link #SATURATION}
   * @throws IllegalStateException when a call was not truly answered
   */
  public Load run(GatewayWork work, int port, long calls, int rate)
      throws IOException, InterruptedException {
    long each = Math.max(1, calls / work.connections());
    long total = each * work.connections();
    Path log = folder.resolve("h2load.log");
    // It appends.
    Files.deleteIfExists(log);
    Path output = folder.resolve("h2load.out");
    Process process =
        new ProcessBuilder(command(work, port, total, rate, log))
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
    requireAllAnswered(said, work, total);
    return new Load(total, callsPerSecond(said), micros(log, total));
  }

  private List<String> command(GatewayWork work, int port, long calls, int rate, Path log)
      throws IOException {
    Path body = folder.resolve("body-" + work.key());
    Files.write(body, work.requestBody());
    List<String> command =
        new ArrayList<>(
            List.of(
                TOOL.path(),
                "-n" + calls,
                "-c" + work.connections(),
                "-m" + work.streams(),
                "-d" + body,
                "--log-file=" + log,
                "-Hte: trailers",
                "-Hcontent-type: application/grpc"));
    if (rate != SATURATION) {
      command.add("--rps=" + (double) rate / work.connections());
    }
    command.add("http://127.0.0.1:" + port + GatewayWork.PATH);
    return command;
  }

  /** A gRPC failure is a 200 too; what it lacks is the message. */
  static void requireAllAnswered(String said, GatewayWork work, long calls) {
    requireAllAnswered(said, work.responseBodyBytes(), calls);
  }

  /** All calls must have been answered, with as many bytes each as a true answer has. */
  public static void requireAllAnswered(String said, long bytesEach, long calls) {
    long succeeded = Long.parseLong(find(SUCCEEDED, said));
    long ok = Long.parseLong(find(OK, said));
    long data = Long.parseLong(find(DATA, said));
    if (succeeded != calls || ok != calls || data != calls * bytesEach) {
      throw new IllegalStateException(
          String.format(
              "answered: %d, 2xx: %d, bytes: %d (expected: %d, %d, %d)%n%s",
              succeeded, ok, data, calls, calls, calls * bytesEach, said));
    }
  }

  private static Sample micros(Path log, long calls) throws IOException {
    try (Stream<String> lines = Files.lines(log, StandardCharsets.US_ASCII)) {
      double[] micros =
          lines
              .map(line -> line.split("\t", -1))
              .filter(columns -> columns[COLUMN_STATUS].equals("200"))
              .mapToDouble(columns -> Double.parseDouble(columns[COLUMN_MICROS]))
              .toArray();
      if (micros.length != calls) {
        throw new IllegalStateException(
            "lines of h2load's log: " + micros.length + " (expected: " + calls + ")");
      }
      return Sample.of(micros);
    }
  }

  /** The rate in the output of h2load, in calls per second. */
  public static double callsPerSecond(String said) {
    return Double.parseDouble(find(RATE, said));
  }

  private static String find(Pattern pattern, String said) {
    Matcher matcher = pattern.matcher(said);
    if (!matcher.find()) {
      throw new IllegalStateException("h2load did not say " + pattern + " but: " + said);
    }
    return matcher.group(1);
  }
}
