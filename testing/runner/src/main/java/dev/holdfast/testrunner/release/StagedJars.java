package dev.holdfast.testrunner.release;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;

/**
 * The contents of the staged jars: sources have sources, javadoc has a first page, and on a module
 * path every artifact has a name of its own and packages of its own. The relocated artifact stands
 * in the place of three others: its packages are theirs, and a page says where the sources are.
 */
final class StagedJars {
  private static final Pattern MODULE_NAME = Pattern.compile("[a-z]\\w*(\\.[a-z]\\w*)+");
  private static final String MODULE = "Automatic-Module-Name";
  private static final String RELOCATED = "holdfast-grpc-netty-shaded";

  private final Map<String, String> artifactOfModule = new TreeMap<>();
  private final Map<String, String> artifactOfPackage = new TreeMap<>();

  /** The faults of one artifact and those that it has beside the artifacts before it. */
  List<String> faults(String artifact, Path folder, String stem) throws IOException {
    List<String> faults = new ArrayList<>();
    boolean relocated = artifact.equals(RELOCATED);
    requireEntry(
        faults,
        folder.resolve(stem + "-sources.jar"),
        name -> name.endsWith(relocated ? "README.txt" : ".java"));
    requireEntry(faults, folder.resolve(stem + "-javadoc.jar"), "index.html"::equals);
    Path main = folder.resolve(stem + ".jar");
    if (Files.isRegularFile(main)) {
      try (JarFile jar = new JarFile(main.toFile())) {
        checkModule(faults, artifact, jar);
        if (!relocated) {
          checkPackages(faults, artifact, jar);
        }
      }
    }
    return faults;
  }

  private static void requireEntry(List<String> faults, Path file, Predicate<String> wanted)
      throws IOException {
    if (!Files.isRegularFile(file)) {
      return; // StagedFile says so.
    }
    try (JarFile jar = new JarFile(file.toFile())) {
      if (jar.stream().map(JarEntry::getName).noneMatch(wanted)) {
        faults.add(file.getFileName() + ": without content (expected: sources, or a first page)");
      }
    }
  }

  private void checkModule(List<String> faults, String artifact, JarFile jar) throws IOException {
    String name =
        jar.getManifest() == null ? null : jar.getManifest().getMainAttributes().getValue(MODULE);
    if (name == null || !MODULE_NAME.matcher(name).matches()) {
      faults.add(MODULE + ": " + name + " (expected: a module name)");
      return;
    }
    String other = artifactOfModule.putIfAbsent(name, artifact);
    if (other != null) {
      faults.add(MODULE + ": " + name + " is that of " + other + " (expected: one of its own)");
    }
  }

  private void checkPackages(List<String> faults, String artifact, JarFile jar) {
    jar.stream()
        .map(JarEntry::getName)
        .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF/"))
        .map(name -> name.substring(0, Math.max(0, name.lastIndexOf('/'))).replace('/', '.'))
        .distinct()
        .forEach(
            name -> {
              String other = artifactOfPackage.putIfAbsent(name, artifact);
              if (other != null) {
                faults.add(
                    "package " + name + " is in " + other + " too (expected: in one artifact)");
              }
            });
  }
}
