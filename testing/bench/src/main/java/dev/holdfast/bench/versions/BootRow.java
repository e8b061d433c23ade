package dev.holdfast.bench.versions;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A release of Spring Boot on a JDK, with which real applications are started.
 *
 * @param boot the release
 * @param java the {@code java} of the JDK
 * @param jdk its major version
 */
record BootRow(String boot, Path java, int jdk) {
  /** The releases, from the oldest on. */
  private static final List<String> RELEASES = List.of("4.1.2");

  /** Each release on the JDK of this process, and on the newest of the machine. */
  static List<BootRow> rows() throws IOException {
    List<BootRow> rows = new ArrayList<>();
    for (String release : RELEASES) {
      for (InstalledJdk jdk : InstalledJdk.runningAndNewest()) {
        rows.add(new BootRow(release, jdk.java(), jdk.major()));
      }
    }
    return rows;
  }

  @Override
  public String toString() {
    return "Spring Boot %s applications with the starter (JDK %d)".formatted(boot, jdk);
  }
}
