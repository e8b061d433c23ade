package dev.holdfast.cli;

import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.process.JavaCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;

/** The program as a process of its own, with its outputs in files. */
final class HoldfastProcess implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final Process process;
  private final Path out;
  private final Path err;

  private HoldfastProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts a command; its outputs go into the directory. */
  static HoldfastProcess start(Path directory, Map<String, String> environment, String... args) {
    return start(directory, environment, Arrays.asList(args));
  }

  static HoldfastProcess start(Path directory, Map<String, String> environment, List<String> args) {
    return start(directory, environment, HoldfastCommand.class, args);
  }

  /** Starts another main class of the tests. */
  static HoldfastProcess startMain(Path directory, Class<?> main, List<String> args) {
    return start(directory, Map.of(), main, args);
  }

  private static HoldfastProcess start(
      Path directory, Map<String, String> environment, Class<?> main, List<String> args) {
    List<String> command = java(main, args);
    try {
      Path out = Files.createTempFile(directory, "out", ".txt");
      Path err = Files.createTempFile(directory, "err", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("HOLDFAST_"));
      // A program that starts on a busy machine needs seconds for its first call.
      builder.environment().put("HOLDFAST_REQUEST_TIMEOUT", LIMIT.toSeconds() + "s");
      builder.environment().putAll(environment);
      return new HoldfastProcess(builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The command line of a main class on the class path of this test. Signals are set back to their
   * defaults: what runs under nohup or in the background of a script ignores some, and passes that
   * on to all its children.
   */
  static List<String> java(Class<?> main, List<String> args) {
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=HUP,INT,QUIT,TERM"));
    List<String> options = new ArrayList<>(JavaCommand.FAST_START);
    options.addAll(List.of("-Xshare:auto", "-Dholdfast.log.level=WARN"));
    command.addAll(JavaCommand.of(main, options, args));
    return command;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Writes a line to its standard input, which a child inherits. */
  void type(String line) {
    try {
      process
          .getOutputStream()
          .write((line + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends it a signal, such as {@code TERM}. */
  void signal(String name) {
    sendSignal(name, pid());
  }

  static void sendSignal(String name, long pid) {
    try {
      Process kill = new ProcessBuilder("kill", "-s", name, Long.toString(pid)).start();
      if (!kill.waitFor(60, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new IllegalStateException("kill -s " + name + " " + pid + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for its end and returns its exit code. */
  int exitCode() {
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("still running after " + LIMIT + "\n" + err());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  String out() {
    return read(out);
  }

  String err() {
    return read(err);
  }

  /** Waits until standard output is as wanted. */
  HoldfastProcess awaitOut(Predicate<String> wanted) {
    try {
      await("output").atMost(LIMIT).until(this::out, wanted);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(
          "alive=%s out=\"%s\" err=\"%s\"".formatted(process.isAlive(), out(), err()), e);
    }
    return this;
  }

  /** Waits until standard error contains a text. */
  HoldfastProcess awaitErr(String text) {
    await(text).atMost(LIMIT).until(this::err, err -> err.contains(text));
    return this;
  }

  /** Kills what is left of it; a child of it dies with the test that closes its standard input. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
