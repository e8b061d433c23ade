package dev.holdfast.registry.file;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A JVM of its own that runs {@link AnnouncingProgram}. */
final class ChildProcess implements AutoCloseable {
  private final Process process;
  private final List<String> lines = new CopyOnWriteArrayList<>();

  private ChildProcess(Process process) {
    this.process = process;
    Thread reader = new Thread(this::readLines, "child-output");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts it, behind a command such as {@code unshare} when one is given. */
  static ChildProcess announcing(List<String> behind, String uri, String service, String address)
      throws IOException {
    List<String> command = new ArrayList<>(behind);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-cp",
            System.getProperty("java.class.path"),
            AnnouncingProgram.class.getName(),
            uri,
            service,
            address));
    return new ChildProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  List<String> lines() {
    return lines;
  }

  boolean saidLineWith(String text) {
    return lines.stream().anyMatch(line -> line.contains(text));
  }

  long pid() {
    return process.pid();
  }

  /** Gives the program an order. */
  void tell(String order) throws IOException {
    Writer in = process.outputWriter(StandardCharsets.UTF_8);
    in.write(order + "\n");
    in.flush();
  }

  /** SIGKILL: nothing is cleaned up. */
  void kill() {
    process.destroyForcibly();
  }

  /** Sends a signal such as STOP or CONT. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(10, TimeUnit.SECONDS);
  }

  private void readLines() {
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      out.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      lines.add("output ended: " + e.getMessage());
    }
  }
}
