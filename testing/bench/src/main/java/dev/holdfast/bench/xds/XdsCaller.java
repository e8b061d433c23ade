package dev.holdfast.bench.xds;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A child process that makes steady calls over xDS, and its output: a program of {@code interop/}
 * or {@link JavaXdsCaller}. The program ends when its standard input does, so it does not outlive
 * this process.
 */
final class XdsCaller implements AutoCloseable {
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(30);
  private static final int MAX_FAILURES_KEPT = 1_000;

  private final CallerLanguage language;
  private final Process process;
  private final Map<String, Long> firstNanos = new ConcurrentHashMap<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final BlockingQueue<Map<String, Integer>> counts = new LinkedBlockingQueue<>(100);
  private final Thread reader;
  private volatile @Nullable String ended;

  private XdsCaller(CallerLanguage language, Process process) {
    this.language = language;
    this.process = process;
    reader = new Thread(this::read, "bench-caller-" + language.label());
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts the program that makes the calls.
   *
   * @param command the command as {@link CallerLanguage#command} gives it
   * @param bootstrap the xDS bootstrap file, which names the control plane
   * @param rate calls per second
   */
  static XdsCaller start(
      CallerLanguage language, List<String> command, Path bootstrap, String target, int rate)
      throws IOException {
    List<String> line = new ArrayList<>(command);
    line.addAll(List.of(target, Integer.toString(rate)));
    ProcessBuilder builder =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("GRPC_XDS_BOOTSTRAP", bootstrap.toString());
    return new XdsCaller(language, builder.start());
  }

  CallerLanguage language() {
    return language;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the first answer of a name; when it came, or empty when the time is up. */
  Optional<Long> awaitFirst(String name, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    // The line is timed when it comes, so how often we look does not matter.
    while (!firstNanos.containsKey(name) && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return Optional.ofNullable(firstNanos.get(name));
  }

  /** Which names have answered since this was asked last, and how often. */
  Map<String, Integer> takeCounts(Duration timeout) throws IOException, InterruptedException {
    order("count");
    Map<String, Integer> taken = counts.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
    if (taken == null) {
      throw new IllegalStateException(
          language.label() + " counted nothing within " + timeout.toSeconds() + " s");
    }
    return taken;
  }

  /** Adds a header to every later call. */
  void header(String name, String value) throws IOException {
    order("header " + name + " " + value);
  }

  /** Sets the method of all later calls. */
  void method(String path) throws IOException {
    order("method " + path);
  }

  /** Calls that failed so far, each with its code and what was said. */
  List<String> failures() {
    return failures;
  }

  /** Ends the calls, waits for those under way, and returns how many were answered. */
  long end() throws IOException, InterruptedException {
    process.getOutputStream().close();
    boolean over = process.waitFor(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS);
    reader.join(PATIENCE_AT_END.toMillis());
    String said = ended;
    if (!over || said == null || process.exitValue() != 0) {
      throw new IllegalStateException(
          language.label() + " did not end well: " + (over ? process.exitValue() : "still runs"));
    }
    return Long.parseLong(said.split(" ", -1)[0]);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private void order(String line) throws IOException {
    Writer orders = process.outputWriter(StandardCharsets.UTF_8);
    orders.write(line + "\n");
    orders.flush();
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        hear(line, System.nanoTime());
      }
    } catch (IOException e) {
      if (process.isAlive()) {
        throw new UncheckedIOException(language.label(), e);
      }
    }
  }

  private void hear(String line, long nowNanos) {
    int space = line.indexOf(' ');
    String word = space < 0 ? line : line.substring(0, space);
    String rest = space < 0 ? "" : line.substring(space + 1);
    switch (word) {
      case "first" -> firstNanos.putIfAbsent(rest, nowNanos);
      case "ended" -> ended = rest;
      case "counts" -> {
        boolean unused = counts.offer(parseCounts(rest));
      }
      case "failed" -> {
        if (failures.size() < MAX_FAILURES_KEPT) {
          failures.add(rest);
        }
      }
      default -> System.err.println(language.label() + ": " + line);
    }
  }

  private static Map<String, Integer> parseCounts(String words) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String word : words.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        counts.put(word.substring(0, equals), Integer.valueOf(word.substring(equals + 1)));
      }
    }
    return counts;
  }
}
