package dev.holdfast.cli.house;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The text files of the repository, read once. */
final class SourceTree {
  private static final Set<String> SKIPPED_DIRECTORIES =
      Set.of(
          "target",
          "build",
          "__pycache__",
          ".git",
          ".holdfast",
          ".idea",
          ".vscode",
          ".settings",
          "node_modules");
  private static final Set<String> TEXT_ENDINGS =
      Set.of("java", "proto", "xml", "md", "sh", "yaml", "yml", "properties", "go", "config");

  private static final int FOLDERS_TO_A_POM = 3;

  private SourceTree() {}

  /** One file: its path from the root, with forward slashes, and its text. */
  record File(String path, String text) {
    boolean isJava() {
      return path.endsWith(".java");
    }

    boolean isTest() {
      return path.contains("/src/test/");
    }

    boolean isMainJava() {
      return isJava() && path.contains("/src/main/java/");
    }
  }

  /** The repository's directory, as surefire says it. */
  static Path root() {
    String root = System.getProperty("holdfast.root");
    if (root == null) {
      throw new IllegalStateException(
          "holdfast.root: null (expected: the repository's directory; Maven sets it)");
    }
    return Path.of(root);
  }

  /** The poms of all modules, without the parent's. */
  static List<Path> poms() throws IOException {
    Path root = root();
    return paths(root).stream()
        .filter(file -> file.endsWith("pom.xml") && !file.getParent().equals(root))
        .filter(file -> root.relativize(file).getNameCount() <= FOLDERS_TO_A_POM)
        .toList();
  }

  static List<File> read() throws IOException {
    Path root = root();
    List<File> files = new ArrayList<>();
    for (Path file : paths(root)) {
      if (isText(file)) {
        String path = root.relativize(file).toString().replace('\\', '/');
        files.add(new File(path, Files.readString(file, StandardCharsets.UTF_8)));
      }
    }
    return files;
  }

  /**
   * The files of the repository. Folders of builds are not entered: what others do there while they
   * are read would end a walk.
   */
  static List<Path> paths(Path root) throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            boolean skipped = SKIPPED_DIRECTORIES.contains(dir.getFileName().toString());
            return skipped && !dir.equals(root)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            files.add(file);
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }

  /** Files without an ending are scripts here (holdfast, verify, bench/run). */
  private static boolean isText(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot < 0 ? !name.equals("LICENSE") : TEXT_ENDINGS.contains(name.substring(dot + 1));
  }
}
