package dev.holdfast.core.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * A process of its own that runs a main class of the tests, spoken to by lines. The program should
 * end when its standard input does, so that it does not outlive a test run that was killed.
 */
public final class ChildJvm implements AutoCloseable {
  /** For a JVM that starts on a machine with much else to do. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Process process;
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Thread reader;
  private int awaited;

  private ChildJvm(Process process) {
    this.process = process;
    reader = new Thread(this::readLines, "child-output");
    reader.setDaemon(true);
    reader.start();
  }

  public static ChildJvm start(Class<?> program, String... arguments) throws IOException {
    return start(List.of(), program, arguments);
  }

  /**
   * Starts a program.
   *
   * @param jvmOptions such as {@code -Xmx64m}
   */
  public static ChildJvm start(List<String> jvmOptions, Class<?> program, String... arguments)
      throws IOException {
    return start(List.of(), jvmOptions, program, arguments);
  }

  /** Starts a program behind a command that becomes it, such as {@code unshare}. */
  public static ChildJvm startBehind(List<String> launcher, Class<?> program, String... arguments)
      throws IOException {
    return start(launcher, List.of(), program, arguments);
  }

  private static ChildJvm start(
      List<String> launcher, List<String> jvmOptions, Class<?> program, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(launcher);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    command.add(
        "-Dlogback.configurationFile=" + System.getProperty("logback.configurationFile", ""));
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(List.of(arguments));
    return new ChildJvm(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** What it wrote to stdout and stderr so far. */
  public List<String> lines() {
    return lines;
  }

  public long countOf(String text) {
    return lines.stream().filter(line -> line.contains(text)).count();
  }

  /**
   * Waits for the next line that begins with a word.
   *
   * @return what follows the word
   */
  public String await(String word) {
    Awaitility.await(word).atMost(PATIENCE).until(() -> hasNext(word) || !reader.isAlive());
    if (!hasNext(word)) {
      throw new IllegalStateException("ended before it said " + word + ": " + lines);
    }
    return lines.get(awaited++).substring(word.length()).strip();
  }

  /** Gives the program an order on its stdin. */
  public void tell(String order) throws IOException {
    Writer in = process.outputWriter(StandardCharsets.UTF_8);
    in.write(order + "\n");
    in.flush();
  }

  /** Gives it an order and waits for the next line that begins with a word. */
  public String ask(String order, String word) throws IOException {
    tell(order);
    return await(word);
  }

  public long pid() {
    return process.pid();
  }

  /** Stops it in its tracks (SIGSTOP); its kernel goes on for it. Linux only. */
  public void pause() throws IOException, InterruptedException {
    signal("STOP");
    Awaitility.await("stopped").atMost(PATIENCE).until(() -> state() == 'T');
  }

  /** Lets it go on after {@link #pause}. */
  public void resume() throws IOException, InterruptedException {
    signal("CONT");
  }

  /** SIGKILL: nothing is cleaned up. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }

  private boolean hasNext(String word) {
    while (awaited < lines.size() && !lines.get(awaited).startsWith(word)) {
      awaited++;
    }
    return awaited < lines.size();
  }

  private void signal(String name) throws IOException, InterruptedException {
    int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
    if (code != 0) {
      throw new IOException("kill -" + name + " ended with " + code);
    }
  }

  /** As in /proc: the letter behind the program's name. */
  private char state() throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid()), "stat"));
    return stat.charAt(stat.lastIndexOf(')') + 2);
  }

  private void readLines() {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      out.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      lines.add("output ended: " + e.getMessage());
    }
  }
}
