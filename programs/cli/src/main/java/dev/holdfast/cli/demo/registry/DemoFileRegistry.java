package dev.holdfast.cli.demo.registry;

import dev.holdfast.cli.demo.process.RunDirectory;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The registry stage on a file registry in a directory of the run. The outage renames the
 * directory.
 */
public final class DemoFileRegistry implements DemoRegistry {
  @Limit(
      of = "attempts of `demo` to put the directory of its registry back",
      then = "it ends with the error")
  private static final int MAX_ATTEMPTS = 5;

  private final Path directory;
  private final Path away;

  private DemoFileRegistry(Path directory) {
    this.directory = directory;
    this.away = directory.resolveSibling(directory.getFileName() + ".away");
  }

  /** A registry in a new directory inside the given one, which stays as it was. */
  public static DemoFileRegistry inside(Path parent) throws IOException {
    return new DemoFileRegistry(Files.createTempDirectory(parent, "holdfast-demo-registry-"));
  }

  @Override
  public String kind() {
    return "file";
  }

  @Override
  public RegistryUri uri() {
    return RegistryUri.parse("file://" + directory);
  }

  @Override
  public String outageDescription() {
    return "its directory is renamed away";
  }

  @Override
  public void makeUnavailable() throws IOException {
    Files.move(directory, away, StandardCopyOption.ATOMIC_MOVE);
    // An instance that starts meanwhile would take the registry for new and make the directory;
    // a file in its place keeps it away for everyone.
    Files.createFile(directory);
  }

  @Override
  public void makeAvailable() throws IOException {
    for (int attempt = 1; Files.exists(away); attempt++) {
      RunDirectory.remove(directory);
      try {
        Files.move(away, directory, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        // A starting instance made the directory just between the two lines above.
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  @Override
  public boolean canBeWiped() {
    return false;
  }

  @Override
  public void wipe() {
    throw new UnsupportedOperationException("the story does not wipe a directory");
  }

  @Override
  public void close() throws IOException {
    RunDirectory.remove(directory);
    RunDirectory.remove(away);
  }
}
