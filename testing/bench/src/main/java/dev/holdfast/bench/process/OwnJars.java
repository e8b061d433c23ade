package dev.holdfast.bench.process;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The jars of this build on the class path of this JVM, for programs that have their own. */
public final class OwnJars {
  private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));

  private OwnJars() {}

  /**
   * A class path of artifacts.
   *
   * @param artifacts their names after {@code holdfast-}
   * @throws IllegalStateException when one of them is not on the class path of this JVM
   */
  public static String classPath(List<String> artifacts) {
    return artifacts.stream().map(OwnJars::jar).collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * The jar of an artifact that is in no class path of this build, from the folder of the others.
   *
   * @param artifact its name after {@code holdfast-}
   * @throws IllegalStateException when it is not there
   */
  public static String beside(String artifact) {
    Path folder = Path.of(jar("core")).toAbsolutePath().getParent();
    try (Stream<Path> jars = Files.list(Objects.requireNonNull(folder))) {
      return jars.map(Path::toString)
          .filter(name(artifact).asPredicate())
          .findFirst()
          .orElseThrow(() -> missing(artifact, "in " + folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String jar(String artifact) {
    return SEPARATOR
        .splitAsStream(System.getProperty("java.class.path"))
        .filter(name(artifact).asPredicate())
        .findFirst()
        .orElseThrow(() -> missing(artifact, "on the class path"));
  }

  /** The end of a path to the jar of an artifact. */
  private static Pattern name(String artifact) {
    return Pattern.compile(
        "(^|/)holdfast-" + Pattern.quote(artifact) + "-[^-/]+(-SNAPSHOT)?\\.jar$");
  }

  private static IllegalStateException missing(String artifact, String where) {
    return new IllegalStateException(
        "holdfast-" + artifact + ": not " + where + " (expected: its jar)");
  }
}
