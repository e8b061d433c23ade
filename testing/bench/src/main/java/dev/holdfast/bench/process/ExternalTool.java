package dev.holdfast.bench.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A third-party program that a benchmark runs.
 *
 * @param program its file name
 * @param debianPackage the Debian package that contains it
 */
public record ExternalTool(String program, String debianPackage) {
  /** The folders of server programs on Debian, which not every PATH contains. */
  private static final List<String> ALSO = List.of("/usr/sbin", "/usr/local/sbin");

  /**
   * The path of the program, from the PATH or the folders of server programs; empty when it is not
   * installed.
   */
  public Optional<Path> find() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.concat(Stream.of(path.split(File.pathSeparator, -1)), ALSO.stream())
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * The path of the program.
   *
   * @throws IllegalStateException when the program is not installed
   */
  public String path() {
    return find()
        .map(Path::toString)
        .orElseThrow(() -> new IllegalStateException(program + " is not installed"));
  }
}
