package dev.holdfast.lab.process;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link ChildJvm} of a test: it starts fast, its words and its log are kept. {@link #close()}
 * kills it. Threads are those of {@link ChildJvm}.
 */
public final class RecordedJvm implements AutoCloseable {
  /** For a JVM that starts on a machine with much else to do. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final ChildJvm child;
  private final List<String> lines;

  private RecordedJvm(ChildJvm child, List<String> lines) {
    this.child = child;
    this.lines = lines;
  }

  /** Starts a program. */
  public static RecordedJvm start(Class<?> program, String... arguments) throws IOException {
    return start(List.of(), program, arguments);
  }

  /**
   * Starts a program.
   *
   * @param jvmOptions such as {@code -Xmx64m}
   */
  public static RecordedJvm start(List<String> jvmOptions, Class<?> program, String... arguments)
      throws IOException {
    return start(List.of(), jvmOptions, program, arguments);
  }

  /** Starts a program behind a command that becomes it, such as {@code unshare}. */
  public static RecordedJvm startBehind(
      List<String> launcher, Class<?> program, String... arguments) throws IOException {
    return start(launcher, List.of(), program, arguments);
  }

  private static RecordedJvm start(
      List<String> launcher, List<String> jvmOptions, Class<?> program, String... arguments)
      throws IOException {
    List<String> options = new ArrayList<>(JavaCommand.FAST_START);
    options.addAll(jvmOptions);
    List<String> command = new ArrayList<>(launcher);
    command.addAll(ChildJvm.command(program, options, List.of(arguments)));
    List<String> lines = new ArrayList<>();
    ChildJvm child =
        ChildJvm.startRecorded(
            program.getSimpleName(),
            command,
            line -> {
              synchronized (lines) {
                lines.add(line);
              }
            });
    return new RecordedJvm(child, lines);
  }

  /** The lines that it wrote so far, to its standard output and to its log. */
  public List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  public long countOf(String text) {
    return lines().stream().filter(line -> line.contains(text)).count();
  }

  /**
   * Waits for the next line that begins with a word.
   *
   * @return what follows the word
   * @throws IllegalStateException when the program ends or does not say it within two minutes; the
   *     message has the lines that it wrote
   */
  public String await(String word) {
    try {
      return child.await(word, PATIENCE);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(e.getMessage() + ": " + lines(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted before it said " + word, e);
    }
  }

  /** Gives the program an order on its standard input. */
  public void tell(String order) throws IOException {
    child.send(order);
  }

  /** Gives it an order and waits for the next line that begins with a word. */
  public String ask(String order, String word) throws IOException {
    tell(order);
    return await(word);
  }

  public long pid() {
    return child.pid();
  }

  /** As {@link ChildJvm#pause}. */
  public void pause() throws IOException, InterruptedException {
    child.pause();
  }

  /** As {@link ChildJvm#resume}. */
  public void resume() throws IOException, InterruptedException {
    child.resume();
  }

  /** As {@link ChildJvm#kill}. */
  public void kill() throws InterruptedException {
    child.kill();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
