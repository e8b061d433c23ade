package dev.holdfast.cli;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A file registry in a scratch directory, looked at through the program itself. */
final class FileRegistryDirectory {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final Path directory;

  FileRegistryDirectory(Path scratch) {
    try {
      directory = Files.createDirectories(scratch.resolve("registry"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String uri() {
    return "file://" + directory;
  }

  Map<String, String> environment() {
    return Map.of("HOLDFAST_REGISTRY", uri());
  }

  /** Where the records of a service are. */
  Path records(String service) {
    return directory.resolve(service);
  }

  /** A command against this registry, in the test's own process. */
  CommandRun run(String... args) {
    return CommandRun.with(environment(), args);
  }

  /** What {@code resolve --all} prints. */
  List<String> endpoints(String service) {
    return run("resolve", "--all", service).out().lines().toList();
  }

  /** Waits until {@code resolve --all} prints what is wanted. */
  List<String> awaitEndpoints(String service, Predicate<List<String>> wanted) {
    return await("endpoints of " + service).atMost(LIMIT).until(() -> endpoints(service), wanted);
  }
}
