package dev.holdfast.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An earlier build of Holdfast, whose programs take part in a benchmark beside those of this one:
 * peers one release back.
 */
public final class EarlierBuild {
  /** The environment variable that names its clone, in which any {@code bench/run} has built. */
  public static final String VARIABLE = "HOLDFAST_EARLIER";

  private static final Path CLASS_PATH = Path.of(".holdfast", "app", "current", "bench.cp");

  private final String classPath;

  private EarlierBuild(String classPath) {
    this.classPath = classPath;
  }

  /**
   * The build in a clone; empty without one.
   *
   * @param clone what {@link #VARIABLE} says
   * @throws IllegalArgumentException when nothing was built there
   */
  public static Optional<EarlierBuild> in(@Nullable String clone) {
    if (clone == null || clone.isEmpty()) {
      return Optional.empty();
    }
    Path file = Path.of(clone).resolve(CLASS_PATH);
    if (!Files.isReadable(file)) {
      throw new IllegalArgumentException(
          "%s: %s (expected: a clone with %s, which its bench/run writes)"
              .formatted(VARIABLE, clone, CLASS_PATH));
    }
    try {
      return Optional.of(new EarlierBuild(Files.readString(file).strip()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A command line of this build's Java program, with the classes of that build. */
  public List<String> command(List<String> words) {
    List<String> changed = new ArrayList<>(words);
    changed.set(words.indexOf("-cp") + 1, classPath);
    return changed;
  }
}
