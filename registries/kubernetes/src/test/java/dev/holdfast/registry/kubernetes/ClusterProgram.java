package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.local.LocalServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** One of the two programs of a {@link RealCluster}, which {@code scripts/kube-apiserver} built. */
final class ClusterProgram extends LocalServer {
  // It starts within seconds, but other tests may have both cores.
  private static final Duration START_LIMIT = Duration.ofMinutes(3);

  private static final int LOG_LINES = 8;

  private final Path program;
  private final List<String> arguments;
  private final BooleanSupplier serving;
  private List<String> more = List.of();

  private ClusterProgram(
      Path program, Path folder, List<String> arguments, BooleanSupplier serving) {
    super(
        new ServerExecutable(program.toString(), "none", program.getFileName().toString()),
        program.getFileName().toString(),
        folder);
    this.program = program;
    this.arguments = arguments;
    this.serving = serving;
  }

  /**
   * One that was built and does not run yet.
   *
   * @param name of the program
   * @param folder for its log
   * @param serving whether it serves now
   * @throws AssertionError when it was not built
   */
  static ClusterProgram of(
      String name, Path folder, List<String> arguments, BooleanSupplier serving) {
    Path built =
        Path.of(System.getProperty("holdfast.root", ".."))
            .toAbsolutePath()
            .resolve(".holdfast/interop/kube-apiserver/stamp");
    if (!Files.exists(built)) {
      throw new AssertionError(built + ": missing (expected: made by scripts/kube-apiserver)");
    }
    return new ClusterProgram(built.resolveSibling(name), folder, arguments, serving);
  }

  /** Starts it, with more arguments this time, and waits until it serves. */
  void begin(String... moreArguments) throws IOException {
    more = List.of(moreArguments);
    launch();
    Awaitility.await().atMost(START_LIMIT).until(() -> !isAlive() || serves());
    if (!isAlive()) {
      throw new IOException(this + " ended at once:\n" + logTail());
    }
  }

  @Override
  public String toString() {
    return program.getFileName().toString();
  }

  private String logTail() throws IOException {
    List<String> lines = Files.readAllLines(dataFolder().resolveSibling(this + ".log"));
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
  }

  @Override
  protected List<String> command() {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    command.addAll(more);
    return command;
  }

  @Override
  protected boolean serves() {
    return serving.getAsBoolean();
  }

  @Override
  protected void prepare(Map<String, String> environment) {
    environment.keySet().removeIf(variable -> variable.startsWith("ETCD_"));
  }
}
