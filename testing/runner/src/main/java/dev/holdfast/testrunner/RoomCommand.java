package dev.holdfast.testrunner;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The JVM that tests a room.
 *
 * @param words what the JVM is started with, without its class path
 * @param classPath this program's own classes, then those of the room
 * @param report the file to which the JVM writes what became of each test
 * @param configuration paths in system properties, of which those of files decide how tests run
 */
record RoomCommand(
    List<String> words,
    List<Path> classPath,
    Path directory,
    Path report,
    List<Path> configuration,
    Duration limit) {

  /**
   * The command of a run.
   *
   * @param target the build folder's path within the module's
   */
  static RoomCommand of(RoomRun run, Path root, String target, SurefirePom pom, Path ownClasses)
      throws IOException {
    String folder = run.room().folder();
    Path build = root.resolve(folder).resolve(target);
    String reports = "tests-on-" + run.jdk().version();
    SurefireSettings settings =
        pom.of(folder, Map.of("holdfast.target", target, "holdfast.test.reports", reports));
    List<String> words = new ArrayList<>();
    words.add(run.jdk().java().toString());
    words.addAll(settings.jvmArgs());
    // As surefire does by default.
    words.add("-ea");
    settings.systemProperties().forEach((name, value) -> words.add("-D" + name + "=" + value));
    run.jdk().systemProperties().forEach((name, value) -> words.add("-D" + name + "=" + value));
    Path report = build.resolve(reports).resolve("report.txt");
    words.add(RoomTests.class.getName());
    words.add(report.toString());
    words.add(build.resolve("test-classes").toString());
    // Also the tests that a module has in the package of another, for its package-private types.
    words.add("dev.holdfast");
    settings.parameters().forEach((name, value) -> words.add(name + "=" + value));
    List<Path> classPath = new ArrayList<>(List.of(ownClasses));
    classPath.addAll(TestClassPath.of(root, build));
    List<Path> configuration =
        settings.systemProperties().values().stream()
            .filter(value -> value.startsWith("/"))
            .map(Path::of)
            // What tests write there is no setting of the next run.
            .filter(path -> !path.startsWith(build))
            .toList();
    return new RoomCommand(
        words, classPath, root.resolve(folder), report, configuration, settings.limit());
  }

  /** All words, with the class path behind the name of the program. */
  List<String> line() {
    List<String> all = new ArrayList<>(words);
    String path =
        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    all.addAll(1, List.of("-cp", path));
    return all;
  }
}
