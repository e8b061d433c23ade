package dev.holdfast.duplex.conformance.implementation;

import dev.holdfast.core.annotation.Limit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An implementation under test: a child process that takes a command a line on its standard input
 * and reports an event a line on its standard output (docs/duplex-conformance.md). Its standard
 * error goes into a file. The process ends with its standard input.
 *
 * <p>Used by one thread.
 */
public final class Implementation implements AutoCloseable {
  private static final Duration PATIENCE =
      Duration.ofMillis(Long.getLong("duplex.patience.ms", 30_000));

  /** The time for a first answer and a first server, for which classes are loaded. */
  private static final Duration START_PATIENCE = Duration.ofMinutes(3);

  @Limit(of = "events of an implementation that no scenario awaited", then = "the scenario fails")
  private static final int MOST_EVENTS = 100_000;

  @Limit(of = "lines of a dialog that are shown when a scenario fails", then = "older ones are not")
  private static final int MOST_DIALOG_LINES = 60;

  private static final int MOST_LINE_CHARACTERS = 300;
  private static final double NANOS_PER_SECOND = 1e9;

  private final @Nullable Process process;
  private final Reader output;
  private final Writer input;
  private final Deque<JsonLine> events = new ArrayDeque<>();
  private final Deque<String> dialog = new ArrayDeque<>();

  /**
   * Ports of servers without sessions; told of the process, in no order with events of a stream.
   */
  private final Set<Long> drainedPorts = new HashSet<>();

  private final long beganNanos = System.nanoTime();
  private String name = "";
  private Set<String> options = Set.of();
  private boolean ended;

  private Implementation(@Nullable Process process, Reader output, Writer input) {
    this.process = process;
    this.output = output;
    this.input = input;
    Thread reader = new Thread(this::readLines, "implementation-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts the process and asks it what it supports.
   *
   * @param command the command line of its adapter
   * @param log takes what it says on standard error
   */
  public static Implementation start(List<String> command, Path log)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return described(
        new Implementation(
            process,
            process.inputReader(StandardCharsets.UTF_8),
            process.outputWriter(StandardCharsets.UTF_8)));
  }

  /**
   * Connects to an adapter of this process.
   *
   * @param output of the adapter
   * @param input of the adapter
   */
  public static Implementation connect(Reader output, Writer input)
      throws IOException, InterruptedException {
    return described(new Implementation(null, output, input));
  }

  private static Implementation described(Implementation started)
      throws IOException, InterruptedException {
    try {
      started.send(JsonLine.of("do", "describe"));
    } catch (IOException e) {
      throw new AssertionError("adapter ended at once: " + e.getMessage(), e);
    }
    JsonLine described = started.await("describe", "", START_PATIENCE);
    started.name = described.text("name");
    started.options = new HashSet<>(described.texts("options"));
    return started;
  }

  /** The name that the implementation gives itself. */
  public String name() {
    return name;
  }

  /** The names of the options and commands that it has. */
  public Set<String> options() {
    return Set.copyOf(options);
  }

  /** Sends a command. */
  public void send(JsonLine command) throws IOException {
    note('>', command);
    input.write(command + "\n");
    input.flush();
  }

  /**
   * Takes events until one with this name and stream comes.
   *
   * @param stream empty for any stream
   * @throws AssertionError when none comes in time, or an error comes
   */
  public JsonLine await(String event, String stream) throws InterruptedException {
    return await(event, stream, PATIENCE);
  }

  /** Takes events until the server listens, and returns its port. */
  public int awaitPort() throws InterruptedException {
    long port = await("listening", "", START_PATIENCE).number("port");
    drainedPorts.remove(port);
    return (int) port;
  }

  /**
   * Takes events until no session is left of the server at a port, which leaves. It may have come
   * before other events that were awaited since.
   */
  public void awaitDrained(int port) throws InterruptedException {
    while (!drainedPorts.remove((long) port)) {
      drainedPorts.add(await("drained", "", START_PATIENCE).number("port"));
    }
  }

  /** As {@link #await(String, String)}, where events of another name may come before. */
  public JsonLine awaitPast(String skipped, String event, String stream)
      throws InterruptedException {
    return await(event, stream, PATIENCE, skipped);
  }

  /** As {@link #await(String, String)}, with a patience of its own. */
  public JsonLine await(String event, String stream, Duration patience)
      throws InterruptedException {
    return await(event, stream, patience, "");
  }

  private synchronized JsonLine await(
      String event, String stream, Duration patience, String skipped) throws InterruptedException {
    long endNanos = System.nanoTime() + patience.toNanos();
    StringBuilder before = new StringBuilder();
    while (true) {
      JsonLine next = events.poll();
      if (next == null) {
        long leftMillis = Duration.ofNanos(endNanos - System.nanoTime()).toMillis();
        if (leftMillis <= 0 || ended) {
          throw new AssertionError(
              "%s: no event %s%s%s"
                  .formatted(
                      name,
                      event,
                      before.isEmpty() ? "" : " after" + before,
                      ended ? ", it ended" : ""));
        }
        wait(leftMillis);
        continue;
      }
      String what = next.text("event");
      boolean ours = stream.isEmpty() || next.text("stream").equals(stream);
      if (ours && what.equals(event)) {
        return next;
      }
      if (what.equals("error")) {
        throw new AssertionError(name + ": " + next.text("message"));
      }
      if (what.equals("drained")) {
        drainedPorts.add(next.number("port"));
        continue;
      }
      if (ours && !what.equals("sent")) {
        before.append(' ').append(next);
        if (isUnexpected(what, event) && !what.equals(skipped)) {
          throw new AssertionError(name + ":" + before + " (expected: " + event + ")");
        }
      }
    }
  }

  /** Messages and ends are never skipped; what only informs may be. */
  private static boolean isUnexpected(String came, String awaited) {
    return Set.of("message", "half-closed", "ended", "lost", "moved", "closed").contains(came)
        && !awaited.equals("reset");
  }

  /**
   * The newest commands, behind {@code >}, and events, behind {@code <}, each with the seconds
   * since the start; oldest first.
   */
  public synchronized List<String> dialog() {
    return List.copyOf(dialog);
  }

  private synchronized void note(char direction, JsonLine line) {
    String text = line.toString();
    boolean fits = text.length() <= MOST_LINE_CHARACTERS;
    if (dialog.size() == MOST_DIALOG_LINES) {
      dialog.remove();
    }
    dialog.add(
        "%8.3f %c %s"
            .formatted(
                (System.nanoTime() - beganNanos) / NANOS_PER_SECOND,
                direction,
                fits ? text : text.substring(0, MOST_LINE_CHARACTERS) + ".."));
  }

  /** Whether no event of a kind has come so far. */
  public synchronized boolean hasNone(String event) {
    return events.stream().noneMatch(each -> each.text("event").equals(event));
  }

  @Override
  public void close() throws InterruptedException {
    Process child = process;
    try {
      input.close();
    } catch (IOException e) {
      if (child != null) {
        child.destroy();
      }
    }
    if (child != null && !child.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      child.destroyForcibly().waitFor();
    }
  }

  private void readLines() {
    try (BufferedReader lines = new BufferedReader(output)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        add(JsonLine.parse(line));
      }
    } catch (IOException e) {
      add(JsonLine.of("event", "error").with("message", String.valueOf(e.getMessage())));
    }
    synchronized (this) {
      ended = true;
      notifyAll();
    }
  }

  private synchronized void add(JsonLine event) {
    note('<', event);
    if (events.size() == MOST_EVENTS) {
      events.clear();
      events.add(
          JsonLine.of("event", "error").with("message", "more than " + MOST_EVENTS + " events"));
    }
    events.add(event);
    notifyAll();
  }
}
