package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Runs on this machine in which all tests of a room passed: a small file each, named after the run
 * and its key.
 */
final class GreenRuns {
  /** Kept of each room and JDK: one for each branch that somebody changes between. */
  private static final int MOST_KEPT = 20;

  private final Path folder;
  private final Clock clock;

  GreenRuns(Path folder, Clock clock) {
    this.folder = folder;
    this.clock = clock;
  }

  /** When the run with this key was green. */
  Optional<String> dateOf(RoomRun run, String key) throws IOException {
    Path file = file(run, key);
    return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
  }

  void add(RoomRun run, String key) throws IOException {
    Files.createDirectories(folder);
    String date = LocalDateTime.now(clock).truncatedTo(ChronoUnit.SECONDS).toString();
    Files.writeString(file(run, key), date.replace('T', ' ') + "\n");
    List<Path> kept;
    try (var files = Files.list(folder)) {
      kept =
          files
              .filter(file -> file.getFileName().toString().startsWith(run.fileName() + "-"))
              .sorted(Comparator.comparing(GreenRuns::content).reversed())
              .toList();
    }
    for (Path old : kept.subList(Math.min(MOST_KEPT, kept.size()), kept.size())) {
      Files.deleteIfExists(old);
    }
  }

  private static String content(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Path file(RoomRun run, String key) {
    return folder.resolve(run.fileName() + "-" + key);
  }
}
