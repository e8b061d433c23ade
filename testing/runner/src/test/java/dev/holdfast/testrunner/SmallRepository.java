package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** A compiled repository in a folder of a test: a parent pom, a JDK and rooms of one class each. */
final class SmallRepository {
  static final String POM =
      """
      <project>
        <properties>
          <holdfast.target>target</holdfast.target>
          <holdfast.test.reports>surefire-reports</holdfast.test.reports>
          <holdfast.test.parallel>false</holdfast.test.parallel>
          <holdfast.test.jvmArgs>-XX:TieredStopAtLevel=1 -XX:+UseSerialGC</holdfast.test.jvmArgs>
        </properties>
        <build><pluginManagement><plugins>
          <plugin><artifactId>maven-jar-plugin</artifactId></plugin>
          <plugin>
            <artifactId>maven-surefire-plugin</artifactId>
            <configuration>
              <forkedProcessTimeoutInSeconds>1200</forkedProcessTimeoutInSeconds>
              <argLine>-Da=b -XX:HeapDumpPath=${project.build.directory}
                ${holdfast.test.jvmArgs}</argLine>
              <systemPropertyVariables>
                <holdfast.root>${maven.multiModuleProjectDirectory}</holdfast.root>
                <log>${maven.multiModuleProjectDirectory}/testing/log.xml</log>
                <jqwik.database>${project.build.directory}/${holdfast.test.reports}/db</jqwik.database>
              </systemPropertyVariables>
              <properties><configurationParameters>
                junit.parallel = ${holdfast.test.parallel}
                junit.timeout = 120 s
              </configurationParameters></properties>
            </configuration>
          </plugin>
        </plugins></pluginManagement></build>
      </project>
      """;

  private final Path root;

  SmallRepository(Path folder) throws IOException {
    root = Files.createDirectories(folder.resolve("small repository"));
    write("pom.xml", POM);
    write("testing/runner/rooms.txt", "# none yet\n");
    write("testing/log.xml", "<configuration/>");
    write("jdk/release", "JAVA_VERSION=17");
    Path java = write("jdk/bin/java", "");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  Path root() {
    return root;
  }

  Path jdk() {
    return root.resolve("jdk");
  }

  Path logs() {
    return root.resolve("logs");
  }

  /** A room {@code a} is the module {@code rooms/a} with the class {@code dev.holdfast.a.ATest}. */
  void room(String name, String second, String inputs) throws IOException {
    room(name, second, "no", inputs);
  }

  void room(String name, String second, String waits, String inputs) throws IOException {
    String folder = "rooms/" + name;
    Path list = root.resolve("testing/runner/rooms.txt");
    String row = "%s | %s | %s | %s | %s%n".formatted(name, folder, second, waits, inputs);
    Files.writeString(list, Files.readString(list) + row);
    write(folder + "/pom.xml", "<project/>");
    write(folder + "/src/test/java/dev/holdfast/" + name + "/ATest.java", "class ATest {}");
    write(folder + "/target/classes/A.class", "main");
    write(folder + "/target/test-classes/dev/holdfast/" + name + "/ATest.class", "test");
    write(folder + "/target/test-classpath", "");
  }

  Path write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.resolveSibling("x").getParent());
    return Files.writeString(file, text);
  }

  List<String> arguments(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--root", "" + root, "--logs", "" + logs(), "--jdk", "17=" + jdk()));
    args.addAll(List.of(more));
    return args;
  }
}
