package dev.holdfast.bench.versions;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A JDK of this machine.
 *
 * @param major its version, such as 25
 * @param home its folder
 */
record InstalledJdk(int major, Path home) {
  private static final Path JDKS = Path.of("/usr/lib/jvm");

  /** The JDK that runs this program and, if there is one, the newest that is newer. */
  static List<InstalledJdk> runningAndNewest() throws IOException {
    int running = Runtime.version().feature();
    List<InstalledJdk> jdks = new ArrayList<>();
    jdks.add(new InstalledJdk(running, Path.of(System.getProperty("java.home"))));
    if (Files.isDirectory(JDKS)) {
      try (Stream<Path> homes = Files.list(JDKS)) {
        homes
            .flatMap(home -> of(home).stream())
            .filter(jdk -> jdk.major > running)
            .max(Comparator.comparingInt(InstalledJdk::major))
            .ifPresent(jdks::add);
      }
    }
    return jdks;
  }

  Path java() {
    return home.resolve("bin/java");
  }

  private static Optional<InstalledJdk> of(Path home) {
    Properties release = new Properties();
    try (Reader reader = Files.newBufferedReader(home.resolve("release"))) {
      release.load(reader);
    } catch (IOException e) {
      // No JDK, or none that says which.
      return Optional.empty();
    }
    String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
    InstalledJdk jdk =
        new InstalledJdk(version.isEmpty() ? 0 : Runtime.Version.parse(version).feature(), home);
    return Files.isExecutable(jdk.java()) ? Optional.of(jdk) : Optional.empty();
  }
}
