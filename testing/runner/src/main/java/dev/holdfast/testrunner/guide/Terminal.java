package dev.holdfast.testrunner.guide;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A terminal of a reader: a shell with job control, to which commands are typed one after the
 * other. Used by one thread.
 */
final class Terminal implements AutoCloseable {
  /** A line that was printed, the end of the command that was typed last, or of the shell. */
  sealed interface Event {
    record Printed(String line) implements Event {}

    record Ended(int status) implements Event {}

    /** The shell itself is gone. */
    record Closed() implements Event {}
  }

  /**
   * Interactive, as another shell ends when its command dies of SIGINT; without a terminal of this
   * machine, which it would take over; and with SIGINT as it is for a reader, which a shell in the
   * background of another one would ignore, and all its commands with it.
   */
  private static final List<String> SHELL =
      List.of(
          "env",
          "--default-signal=INT",
          "setsid",
          "bash",
          "--norc",
          "--noprofile",
          "--noediting",
          "-i");

  private static final String PREPARATION = "set -m; PS1= PS2= HISTFILE=";

  /** Commands have no input, so that none of them reads those behind it. */
  private static final String COMMAND = "eval %s </dev/null\n";

  /** What follows a NUL is the exit code of the command before it. */
  private static final String END = "printf '\\0%d\\n' $?\n";

  /** The shell's remarks on jobs, which come when the shell finds the time. */
  private static final Pattern REMARK =
      Pattern.compile(
          "\\[[0-9]+\\]( [0-9]+|[-+ ] +(Killed|Terminated|Interrupt|Hangup|Exit|Done)\\b.*)"
              + "|bash: \\[.*tcsetattr.*");

  private static final Duration TERMINATION_LIMIT = Duration.ofSeconds(10);
  private static final long POLL_MILLIS = 10;
  private static final int MAX_UNREAD = 10_000;

  private final Process shell;
  private final OutputStream input;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(MAX_UNREAD);
  private final Thread reader;
  private Set<Long> jobsBefore = Set.of();

  /** Whether the shell has done with its own preparation; of the reader. */
  private boolean ready;

  private Terminal(String name, Process shell) {
    this.shell = shell;
    this.input = shell.getOutputStream();
    reader = new Thread(this::readOutput, "guide-" + name);
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Opens a terminal.
   *
   * @param environment the variables of the shell, all of them
   */
  static Terminal open(String name, Path folder, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(SHELL).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    Terminal terminal = new Terminal(name, builder.start());
    terminal.send(PREPARATION + "\n" + END);
    return terminal;
  }

  /** Types a command. */
  void type(String command) throws IOException {
    jobsBefore = jobs();
    String quoted = "'" + command.replace("'", "'\\''") + "'";
    send(COMMAND.formatted(quoted) + END);
  }

  private void send(String text) throws IOException {
    input.write(text.getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** The next event; empty when there was none within the limit. */
  Optional<Event> next(Duration limit) throws InterruptedException {
    return Optional.ofNullable(events.poll(limit.toNanos(), TimeUnit.NANOSECONDS));
  }

  /** Whether processes run that were started here. */
  boolean isBusy() {
    return shell.children().anyMatch(ProcessHandle::isAlive);
  }

  /** Ctrl-C: SIGINT to the process group of the command in the foreground, once it has begun. */
  void interrupt() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TERMINATION_LIMIT.toNanos();
    Set<Long> foreground = foreground();
    while (foreground.isEmpty() && System.nanoTime() - deadline < 0) {
      shell.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS);
      foreground = foreground();
    }
    for (long leader : foreground) {
      signal("INT", "-" + leader);
    }
  }

  private Set<Long> foreground() {
    Set<Long> foreground = new TreeSet<>(jobs());
    foreground.removeAll(jobsBefore);
    return foreground;
  }

  private Set<Long> jobs() {
    return shell.children().map(ProcessHandle::pid).collect(Collectors.toUnmodifiableSet());
  }

  private static void signal(String signal, String process)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, "--", process)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor(TERMINATION_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Closes the terminal and ends what runs in it. */
  @Override
  public void close() throws InterruptedException {
    List<ProcessHandle> processes = shell.descendants().toList();
    processes.forEach(ProcessHandle::destroy);
    awaitEnd(processes);
    processes.forEach(ProcessHandle::destroyForcibly);
    shell.destroyForcibly();
    awaitEnd(processes);
    reader.interrupt();
  }

  /** Returns when all have ended, or the limit is over. */
  private static void awaitEnd(List<ProcessHandle> processes) throws InterruptedException {
    CompletableFuture<?>[] ends =
        processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(ends).get(TERMINATION_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // What is left is killed next, or nobody can.
      return;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private void readOutput() {
    try (BufferedReader output =
        new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        read(line);
      }
      events.put(new Event.Closed());
    } catch (IOException e) {
      // The pipe of a terminal that was closed.
      events.offer(new Event.Closed());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void read(String line) throws InterruptedException {
    int end = line.lastIndexOf('\0');
    String printed = end < 0 ? line : line.substring(0, end);
    if (ready && !printed.isEmpty() && !REMARK.matcher(printed).matches()) {
      events.put(new Event.Printed(printed));
    }
    if (end >= 0 && ready) {
      events.put(new Event.Ended(Integer.parseInt(line.substring(end + 1))));
    }
    ready |= end >= 0;
  }
}
