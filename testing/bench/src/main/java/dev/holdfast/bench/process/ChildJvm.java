package dev.holdfast.bench.process;

import dev.holdfast.bench.Bench;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * Another JVM on the same class path, spoken to by lines. It ends when its standard input does
 * ({@link ParentLine}), so it does not outlive a parent that was killed.
 *
 * <p>Words to the parent are lines on standard output; its log goes to our standard error.
 */
public final class ChildJvm implements AutoCloseable {
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(15);
  private static final int MAX_UNREAD_LINES = 10_000;

  private final String name;
  private final Process process;
  private final Writer input;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(MAX_UNREAD_LINES);

  private ChildJvm(String name, Process process) {
    this.name = name;
    this.process = process;
    this.input = process.outputWriter(StandardCharsets.UTF_8);
    Thread reader = new Thread(this::readLines, "bench-" + name + "-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts a main class as a child process on the class path of this one.
   *
   * @param name how it is called in messages
   * @param program the class with the main method
   * @param jvmOptions such as {@code -Xmx256m}
   */
  public static ChildJvm start(
      String name, Class<?> program, List<String> jvmOptions, List<String> args)
      throws IOException {
    return startIn(UnaryOperator.identity(), name, program, jvmOptions, args);
  }

  /**
   * As {@link #start}, in another place of this machine.
   *
   * @param place makes a command line one that runs there, such as in a network namespace
   */
  public static ChildJvm startIn(
      UnaryOperator<List<String>> place,
      String name,
      Class<?> program,
      List<String> jvmOptions,
      List<String> args)
      throws IOException {
    Process process =
        new ProcessBuilder(place.apply(command(program, jvmOptions, args)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return new ChildJvm(name, process);
  }

  /**
   * The command under SCHED_IDLE: its process runs when no other wants the CPU. For peers that have
   * machines of their own elsewhere. A niced process is not enough: Linux since 6.6 lets it finish
   * its slice of some milliseconds before a thread that wakes.
   */
  public static List<String> underSchedIdle(List<String> command) {
    List<String> idle = new ArrayList<>(List.of("chrt", "--idle", "0"));
    idle.addAll(command);
    return idle;
  }

  /** The command line of a program on our class path. */
  public static List<String> command(Class<?> program, List<String> jvmOptions, List<String> args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmOptions);
    command.add("-D" + Bench.LOG_CONFIGURATION + "=" + System.getProperty(Bench.LOG_CONFIGURATION));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(args);
    return command;
  }

  public long pid() {
    return process.pid();
  }

  /** CPU time of its process so far, as the kernel counts it. */
  public Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Says something to the program. */
  public void send(String line) throws IOException {
    input.write(line + "\n");
    input.flush();
  }

  /**
   * Waits for the next line that starts with a word; lines before it are dropped.
   *
   * @return what follows the word
   * @throws IllegalStateException when the program ends or the time is up
   */
  public String await(String word, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      String line = lines.poll(100, TimeUnit.MILLISECONDS);
      if (line != null && (line.equals(word) || line.startsWith(word + " "))) {
        return line.substring(word.length()).strip();
      }
      if (line == null && !process.isAlive() && lines.isEmpty()) {
        throw new IllegalStateException(
            name + " ended with " + process.exitValue() + " before it said " + word);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            name + " did not say " + word + " within " + timeout.toSeconds() + " s");
      }
    }
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits for the program to end by itself. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() throws InterruptedException {
    try {
      input.close();
    } catch (IOException e) {
      // It has gone already; what counts is that it is gone, and that is seen to below.
      process.destroy();
    }
    if (!process.waitFor(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void readLines() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (!lines.offer(line)) {
          throw new IllegalStateException(name + ": more than " + MAX_UNREAD_LINES + " lines");
        }
      }
    } catch (IOException e) {
      if (process.isAlive()) {
        throw new UncheckedIOException(name, e);
      }
    }
  }
}
