package dev.holdfast.bench.xds;

import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The xDS clients that make steady calls, each an unmodified gRPC implementation. */
public enum CallerLanguage {
  /** The Java client: grpc-java with grpc-xds. */
  JAVA {
    @Override
    Optional<List<String>> command(Path root) {
      return Optional.of(ChildJvm.command(JavaXdsCaller.class, QUICK_START, List.of()));
    }
  },
  /** The Node.js client: grpc-js with grpc-js-xds. */
  NODE {
    @Override
    Optional<List<String>> command(Path root) throws IOException, InterruptedException {
      return node(root, root.resolve("testing/interop/node-xds"));
    }
  },
  /** The Python client: grpcio, which wraps gRPC's C-core. */
  PYTHON {
    @Override
    Optional<List<String>> command(Path root) throws IOException, InterruptedException {
      return python(root, root.resolve("testing/interop/python-xds"));
    }
  },
  /** The Go client: grpc-go, built from source. */
  GO {
    @Override
    Optional<List<String>> command(Path root) throws IOException, InterruptedException {
      if (System.getenv("HOLDFAST_WITHOUT_GO") != null) {
        return Optional.empty();
      }
      Path binary = root.resolve(".holdfast/interop/go-xds");
      Files.createDirectories(binary.getParent());
      List<String> build = List.of("go", "build", "-o", binary.toString(), ".");
      return succeeds(build, root.resolve("testing/interop/go-xds"))
          ? Optional.of(List.of(binary.toString()))
          : Optional.empty();
    }
  };

  /** The JVM options of short-lived programs: a small heap and only the C1 compiler. */
  public static final List<String> QUICK_START =
      List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private static final long TOOL_LIMIT_S = 540;

  /** The name as it stands in results. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The program's command line, without its arguments; what it needs is built or installed first.
   *
   * @param root the repository's directory
   * @return empty when this machine lacks the language, which was said on standard error
   */
  abstract Optional<List<String>> command(Path root) throws IOException, InterruptedException;

  /**
   * The command that runs {@code caller.js} of a folder. Installs the folder's npm packages first;
   * empty when that or the program fails.
   */
  public static Optional<List<String>> node(Path root, Path folder) throws InterruptedException {
    String installer = root.resolve("scripts/npm-packages").toString();
    if (!succeeds(List.of(installer, folder.toString()), root)) {
      return Optional.empty();
    }
    List<String> command = List.of("node", folder.resolve("caller.js").toString());
    return succeeds(with(command, "version"), folder) ? Optional.of(command) : Optional.empty();
  }

  /**
   * The command that runs {@code caller.py} of a folder with the first Python that has grpcio;
   * empty when there is none.
   */
  public static Optional<List<String>> python(Path root, Path folder) throws InterruptedException {
    String ours = root.resolve(".holdfast/python/bin/python").toString();
    String said = Objects.requireNonNullElse(System.getenv("HOLDFAST_PYTHON"), ours);
    for (String python : List.of(said, ours, "python3", "/usr/bin/python3")) {
      List<String> command = List.of(python, folder.resolve("caller.py").toString());
      if (succeeds(with(command, "version"), folder)) {
        return Optional.of(command);
      }
    }
    return Optional.empty();
  }

  private static List<String> with(List<String> command, String argument) {
    List<String> longer = new ArrayList<>(command);
    longer.add(argument);
    return longer;
  }

  /** Whether a tool does its work; its words go to our standard error. */
  private static boolean succeeds(List<String> command, Path folder) throws InterruptedException {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return false;
    }
    if (!process.waitFor(TOOL_LIMIT_S, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }
}
