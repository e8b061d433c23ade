package dev.holdfast.lab.process;

import dev.holdfast.core.annotation.Limit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A child process that runs a main class on the class path of this JVM, spoken to by lines. The
 * program ends when its standard input does ({@link ParentLine}), so it does not outlive a parent
 * that was killed.
 *
 * <p>Words to the parent are lines on standard output; its log goes to our standard error. {@link
 * RecordedJvm} keeps both. Orders may come from any thread; one thread at a time awaits a word.
 */
public final class ChildJvm implements AutoCloseable {
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(15);
  private static final long POLL_MILLIS = 100;

  /** On a machine with much else to do. */
  private static final Duration PATIENCE_AT_STOP = Duration.ofMinutes(2);

  private static final long STOP_POLL_MILLIS = 20;
  private static final String LOG_CONFIGURATION = "logback.configurationFile";

  @Limit(
      of = "lines of a child process that nobody has awaited yet",
      then = "nothing more is read from it, and the next await fails")
  private static final int MAX_UNREAD_LINES = 100_000;

  private final String name;
  private final Process process;
  private final Writer input;
  private final Consumer<String> listener;
  private final BlockingQueue<String> unread = new LinkedBlockingQueue<>(MAX_UNREAD_LINES);
  private final Thread reader;

  private ChildJvm(String name, Process process, Consumer<String> listener) {
    this.name = name;
    this.process = process;
    this.input = process.outputWriter(StandardCharsets.UTF_8);
    this.listener = listener;
    reader = new Thread(this::readLines, "lab-" + name + "-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts a main class.
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
    return new ChildJvm(name, process, line -> {});
  }

  /**
   * Starts a command line as a child whose log is read as its words are.
   *
   * @param command of a program that ends with its standard input
   * @param listener of every line, called by the thread that reads it
   */
  public static ChildJvm startRecorded(String name, List<String> command, Consumer<String> listener)
      throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new ChildJvm(name, process, listener);
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

  /** The command line of a program on our class path, which logs as this one does. */
  public static List<String> command(Class<?> program, List<String> jvmOptions, List<String> args) {
    List<String> options = new ArrayList<>(jvmOptions);
    String log = System.getProperty(LOG_CONFIGURATION);
    if (log != null) {
      options.add("-D" + LOG_CONFIGURATION + "=" + log);
    }
    return JavaCommand.of(program, options, args);
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
      String line = unread.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
      if (line != null && (line.equals(word) || line.startsWith(word + " "))) {
        return line.substring(word.length()).strip();
      }
      if (line == null && !reader.isAlive() && unread.isEmpty()) {
        String end =
            awaitEnd(PATIENCE_AT_END) ? "ended with " + process.exitValue() : "went silent";
        throw new IllegalStateException(name + " " + end + " before it said " + word);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            name + " did not say " + word + " within " + timeout.toSeconds() + " s");
      }
    }
  }

  /**
   * Stops it in its tracks (SIGSTOP); its kernel goes on for it. Linux only.
   *
   * @throws IllegalStateException when it still runs after some time
   */
  public void pause() throws IOException, InterruptedException {
    signal("STOP");
    long beganNanos = System.nanoTime();
    while (state() != 'T') {
      if (System.nanoTime() - beganNanos > PATIENCE_AT_STOP.toNanos()) {
        throw new IllegalStateException(
            name + " still runs " + PATIENCE_AT_STOP + " after SIGSTOP");
      }
      TimeUnit.MILLISECONDS.sleep(STOP_POLL_MILLIS);
    }
  }

  /** Lets it go on after {@link #pause}. */
  public void resume() throws IOException, InterruptedException {
    signal("CONT");
  }

  /** SIGKILL: nothing is cleaned up; returns when the process is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** SIGTERM, as an orchestrator stops a program; does not wait. */
  public void terminate() {
    process.destroy();
  }

  /** Waits for the program to end by itself. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Ends the program's standard input; kills it when it does not end with that. */
  @Override
  public void close() throws InterruptedException {
    try {
      input.close();
    } catch (IOException e) {
      // It has gone already; what counts is that it is gone, and that is seen to below.
      process.destroy();
    }
    if (!process.waitFor(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS)) {
      kill();
    }
  }

  private void signal(String signal) throws IOException, InterruptedException {
    int code = new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start().waitFor();
    if (code != 0) {
      throw new IOException("kill -" + signal + " ended with " + code);
    }
  }

  /** As in /proc: the letter behind the program's name. */
  private char state() throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid()), "stat"));
    return stat.charAt(stat.lastIndexOf(')') + 2);
  }

  private void readLines() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        listener.accept(line);
        if (!unread.offer(line)) {
          throw new IllegalStateException(name + ": more than " + MAX_UNREAD_LINES + " lines");
        }
      }
    } catch (IOException e) {
      // A kill closes our end of the pipe, often before the process is gone.
      listener.accept("output ended: " + e.getMessage());
    }
  }
}
