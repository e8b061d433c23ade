package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server or client of {@link WordsService} made with another gRPC, which obeys lines and answers
 * by lines: {@code testing/interop/go-words} and {@code testing/interop/python-words}. Closing it
 * ends its stdin and expects it to end well.
 */
final class PeerProgram implements AutoCloseable {
  private static final Duration BUILD_LIMIT = Duration.ofMinutes(9);
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", ".."));
  private static final String PORT = "port ";

  private final String name;
  private final Process process;
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private final Thread reader;

  private PeerProgram(String name, List<String> command) throws IOException {
    this.name = name;
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    reader = new Thread(this::read, name + "-output");
    reader.start();
  }

  /**
   * The command of the Go program, built into a folder.
   *
   * <p>Without Go this fails; {@code HOLDFAST_WITHOUT_GO=1} skips the test on purpose.
   */
  static List<String> go(Path folder) throws Exception {
    assumeTrue(System.getenv("HOLDFAST_WITHOUT_GO") == null, "left out by HOLDFAST_WITHOUT_GO");
    Path source = ROOT.resolve("testing/interop/go-words");
    String binary = folder.resolve("go-words").toAbsolutePath().toString();
    Process build;
    try {
      build =
          new ProcessBuilder("go", "build", "-o", binary, ".")
              .directory(source.toFile())
              .inheritIO()
              .start();
    } catch (IOException e) {
      throw new AssertionError(
          "go: not found (expected: the Go toolchain on the PATH, or HOLDFAST_WITHOUT_GO=1)", e);
    }
    assertThat(build.waitFor(BUILD_LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(build.exitValue()).as("go build in " + source).isZero();
    return List.of(binary);
  }

  /** The command of the Python program; skips the test where no Python has grpcio. */
  static List<String> python() throws Exception {
    String script =
        ROOT.resolve("testing/interop/python-words/words.py").toAbsolutePath().toString();
    String ours = ROOT.resolve(".holdfast/python/bin/python").toAbsolutePath().toString();
    String said = Objects.requireNonNullElse(System.getenv("HOLDFAST_PYTHON"), ours);
    for (String python : List.of(said, ours, "python3", "/usr/bin/python3")) {
      List<String> command = List.of(python, script);
      if (knowsGrpc(command)) {
        return command;
      }
    }
    assumeTrue(
        false,
        "no Python with grpcio (expected: python3-grpcio, the environment that ./verify makes, or"
            + " HOLDFAST_PYTHON)");
    return List.of();
  }

  private static boolean knowsGrpc(List<String> command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(with(command, "version"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .start();
      return process.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      // No such interpreter: the next one may be there.
      return false;
    }
  }

  /** A server. */
  static PeerProgram serve(String name, List<String> command) throws IOException {
    PeerProgram server = new PeerProgram(name, with(command, "serve"));
    server.awaitLine(PORT);
    return server;
  }

  /** A client that has made its first call. */
  static PeerProgram client(String name, List<String> command, int port) throws IOException {
    PeerProgram client = new PeerProgram(name, with(command, "client", "127.0.0.1:" + port));
    client.awaitLine("ready");
    return client;
  }

  private static List<String> with(List<String> command, String... more) {
    return Stream.concat(command.stream(), Stream.of(more)).toList();
  }

  int port() {
    return Integer.parseInt(lines().get(0).substring(PORT.length()));
  }

  /** What it said so far. */
  List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** Gives an order to a client. */
  void order(String line) throws IOException {
    Writer orders = process.outputWriter(StandardCharsets.UTF_8);
    orders.write(line + "\n");
    orders.flush();
  }

  private void awaitLine(String line) {
    await()
        .atMost(START_LIMIT)
        .until(
            () -> {
              assertThat(process.isAlive() || !lines.isEmpty()).as(name + " runs").isTrue();
              return lines().stream().anyMatch(said -> said.startsWith(line));
            });
  }

  @Override
  public void close() throws Exception {
    process.getOutputStream().close();
    boolean ended = process.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    process.destroyForcibly();
    reader.join(START_LIMIT.toMillis());
    assertThat(ended).as(name + " ends with its stdin").isTrue();
    assertThat(process.exitValue()).as(name + " said " + lines()).isZero();
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      output.lines().forEach(lines::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
