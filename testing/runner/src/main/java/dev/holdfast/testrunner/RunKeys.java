package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Keys of runs: a digest over all that decides how the tests of a room end.
 *
 * <p>It covers the JVM's arguments, the classes of the room, of the rooms below it and of this
 * program, third-party jars, the JDK's release, the files of the repository that the tests read,
 * the programs on the PATH that tests start, and the environment's {@code HOLDFAST_} variables.
 */
final class RunKeys {
  /** Servers, peers and shells that tests start, as Debian's packages bring them. */
  private static final List<String> PROGRAMS =
      List.of(
          "bash",
          "curl",
          "etcd",
          "etcdctl",
          "go",
          "ip",
          "nft",
          "node",
          "python3",
          "redis-server",
          "setsid",
          "zsh");

  private static final Pattern SEPARATOR = Pattern.compile(":");

  private final Path root;
  private final Map<String, String> environment;
  private final FileDigests digests = new FileDigests();

  RunKeys(Path root, Map<String, String> environment) {
    this.root = root;
    this.environment = Map.copyOf(environment);
  }

  /** The key as things are now. */
  String of(RoomRun run, RoomCommand command) throws IOException {
    MessageDigest digest = FileDigests.sha256();
    command.words().forEach(word -> add(digest, "word", word));
    for (Path entry : command.classPath()) {
      addEntry(digest, entry);
    }
    for (Path file : command.configuration()) {
      if (Files.isRegularFile(file)) {
        add(digest, "configuration", file + " " + FileDigests.of(file));
      }
    }
    add(digest, "release", FileDigests.of(run.jdk().release()));
    for (Path input : RepositoryFiles.matching(root, run.room().inputs())) {
      add(digest, "input", input + " " + FileDigests.of(root.resolve(input)));
    }
    for (String program : PROGRAMS) {
      add(digest, "program", program + " " + version(program));
    }
    new TreeMap<>(environment)
        .forEach(
            (name, value) -> {
              if (name.startsWith("HOLDFAST_")) {
                add(digest, "environment", name + "=" + value);
              }
            });
    return FileDigests.hex(digest);
  }

  private void addEntry(MessageDigest digest, Path entry) throws IOException {
    if (!Files.isDirectory(entry)) {
      add(digest, "jar", entry.getFileName() + " " + digests.ofJar(entry));
      return;
    }
    List<Path> files;
    try (var walk = Files.walk(entry)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    add(digest, "folder", Integer.toString(files.size()));
    for (Path file : files) {
      add(digest, "class", entry.relativize(file) + " " + FileDigests.of(file));
    }
  }

  /** The size and the time of a program's file: a new version has others. */
  private String version(String program) throws IOException {
    Optional<Path> file =
        SEPARATOR
            .splitAsStream(environment.getOrDefault("PATH", ""))
            .map(folder -> Path.of(folder, program))
            .filter(Files::isExecutable)
            .findFirst();
    if (file.isEmpty()) {
      return "missing";
    }
    BasicFileAttributes attributes = Files.readAttributes(file.get(), BasicFileAttributes.class);
    return file.get().toRealPath() + " " + attributes.size() + " " + attributes.lastModifiedTime();
  }

  /** The line's end is not in the words, so that no two lists of lines look the same. */
  private static void add(MessageDigest digest, String kind, String text) {
    digest.update((kind + " " + text + "\0").getBytes(StandardCharsets.UTF_8));
  }
}
