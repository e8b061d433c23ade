package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The files of the repository, without those that builds and package managers make. */
final class RepositoryFiles {
  private static final Set<String> SKIPPED =
      Set.of(
          "target",
          "build",
          ".git",
          ".holdfast",
          ".idea",
          ".vscode",
          ".settings",
          "node_modules",
          "__pycache__");

  private RepositoryFiles() {}

  /** The files that one of the globs matches, as paths from the root, sorted. */
  static List<Path> matching(Path root, List<String> globs) throws IOException {
    List<PathMatcher> matchers =
        globs.stream()
            .map(glob -> FileSystems.getDefault().getPathMatcher("glob:" + glob))
            .toList();
    List<Path> files = new ArrayList<>();
    if (globs.isEmpty()) {
      return files;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean skipped = !folder.equals(root) && SKIPPED.contains("" + folder.getFileName());
            return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            Path path = root.relativize(file);
            if (attributes.isRegularFile()
                && matchers.stream().anyMatch(matcher -> matcher.matches(path))) {
              files.add(path);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(null);
    return files;
  }
}
