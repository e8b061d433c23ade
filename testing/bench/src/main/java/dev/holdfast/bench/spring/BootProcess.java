package dev.holdfast.bench.spring;

import dev.holdfast.bench.process.LinkageErrors;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Spring Boot application in a process of its own. It is told orders on its standard input and
 * answers in lines, among those of its log; the last ones are kept for the message of a failure.
 * Lines are read by a thread of their own; everything else is called by one thread.
 */
public final class BootProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int LINES_KEPT = 60;
  private static final int KINDS_KEPT = 20;
  private static final String READY = "READY";
  private static final String FIRST = "FIRST ";
  private static final String FAILED = "FAILED ";

  private final String name;
  private final Deque<String> lastLines = new ArrayDeque<>();
  private final Set<String> instances = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> failures = new TreeMap<>();
  private final List<String> linkageErrors = new ArrayList<>();
  private final long startNanos = System.nanoTime();
  private final ChildJvm child;

  /** The calls of a client so far. */
  public record Counts(long issued, long answered, long failed) {
    /** Calls that have ended in nothing yet. */
    public long open() {
      return issued - answered - failed;
    }
  }

  private BootProcess(String name, List<String> command) throws IOException {
    this.name = name;
    this.child = ChildJvm.startRecorded(name, command, this::hear);
  }

  /**
   * Starts an application and does not wait.
   *
   * @param name in messages
   * @param command of {@link BootPrograms#command}
   */
  public static BootProcess start(String name, List<String> command) throws IOException {
    return new BootProcess(name, command);
  }

  public String name() {
    return name;
  }

  /**
   * Waits until Boot says that the application is ready.
   *
   * @return the port of its gRPC server; 0 of a client
   */
  public int awaitReady() throws InterruptedException {
    return Integer.parseInt(await(READY));
  }

  /** Milliseconds since its process was started. */
  public double ageMillis() {
    return (System.nanoTime() - startNanos) / 1e6;
  }

  /** Gives an order. */
  public void send(String order) throws IOException {
    child.send(order);
  }

  /** Gives an order and waits for the line that begins with a word. */
  public String ask(String order, String word) throws IOException, InterruptedException {
    send(order);
    return await(word);
  }

  /** The calls of a client, which says {@code COUNTED} or {@code STOPPED} and numbers. */
  public Counts counts(String order, String word) throws IOException, InterruptedException {
    String[] numbers = ask(order, word).split(" ", -1);
    return new Counts(
        Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
  }

  /** Waits for a line that begins with a word; its log is in the message of a failure. */
  public String await(String word) throws InterruptedException {
    try {
      return child.await(word, PATIENCE);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(e.getMessage() + "\n" + String.join("\n", lastLines()), e);
    }
  }

  /** Whether a call of a client was answered by an instance. */
  public boolean isAnsweredBy(String instance) {
    return instances.contains(instance);
  }

  /** The failed calls of a client by code and text, without the numbers in it. */
  public Map<String, Long> failures() {
    synchronized (failures) {
      return new TreeMap<>(failures);
    }
  }

  /** Lines of its output that tell of classes or methods that are not there. */
  public List<String> linkageErrors() {
    synchronized (linkageErrors) {
      return List.copyOf(linkageErrors);
    }
  }

  public List<String> lastLines() {
    synchronized (lastLines) {
      return List.copyOf(lastLines);
    }
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() throws InterruptedException {
    child.kill();
  }

  /** SIGTERM, which Boot answers with its graceful shutdown; does not wait. */
  public void terminate() {
    child.terminate();
  }

  /**
   * Waits for its end.
   *
   * @throws IllegalStateException when it does not come
   */
  public void awaitEnd() throws InterruptedException {
    if (!child.awaitEnd(PATIENCE)) {
      throw new IllegalStateException(
          name + " still runs after SIGTERM\n" + String.join("\n", lastLines()));
    }
  }

  @Override
  public void close() throws InterruptedException {
    child.kill();
  }

  private void hear(String line) {
    synchronized (lastLines) {
      if (lastLines.size() == LINES_KEPT) {
        lastLines.remove();
      }
      lastLines.add(line);
    }
    if (line.startsWith(FIRST)) {
      instances.add(line.substring(FIRST.length()));
    } else if (line.startsWith(FAILED)) {
      String kind = line.substring(FAILED.length()).replaceAll("[0-9][0-9.]*", "#");
      synchronized (failures) {
        failures.merge(
            failures.size() < KINDS_KEPT || failures.containsKey(kind) ? kind : "others",
            1L,
            Long::sum);
      }
    } else if (LinkageErrors.isIn(line)) {
      synchronized (linkageErrors) {
        linkageErrors.add(line);
      }
    }
  }
}
