package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.discovery.ClassSelector;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The program in a room's JVM: runs all classes named {@code ..Test} of the room's package with
 * JUnit, and reports.
 *
 * <p>Arguments: the report's file, the folder of the test classes, the package, and JUnit's
 * configuration parameters as {@code name=value}. Exit code: 0 no test failed, 1 some did, 3 this
 * program itself failed.
 */
public final class RoomTests {
  /** The system property that names a tag of JUnit, whose tests are left out. */
  static final String WITHOUT_TAG = "holdfast.test.withoutTag";

  private static final int BROKEN = 3;

  private RoomTests() {}

  /** The program. */
  public static void main(String[] args) {
    // Tests put other streams in its place.
    PrintStream log = System.out;
    int status = BROKEN;
    try {
      status = run(args, log);
    } catch (IOException | RuntimeException | Error e) {
      log.println(StackText.of(e));
    }
    // Threads that tests left behind must not keep the JVM.
    System.exit(status);
  }

  private static int run(String[] args, PrintStream log) throws IOException {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String parameter : Arrays.asList(args).subList(3, args.length)) {
      int sign = parameter.indexOf('=');
      parameters.put(parameter.substring(0, sign), parameter.substring(sign + 1));
    }
    List<ClassSelector> classes =
        testClasses(Path.of(args[1]), args[2]).stream()
            .map(DiscoverySelectors::selectClass)
            .toList();
    Path file = Path.of(args[0]);
    try (ReportFile report = new ReportFile(file)) {
      LauncherDiscoveryRequestBuilder request =
          LauncherDiscoveryRequestBuilder.request()
              .selectors(classes)
              .configurationParameters(parameters);
      @Nullable String withoutTag = System.getProperty(WITHOUT_TAG);
      if (withoutTag != null) {
        request.filters(TagFilter.excludeTags(withoutTag));
      }
      LauncherFactory.create()
          .execute(request.build(), new ReportingListener(report, log), new SlowestTests(log));
      CpuTimes cpu = CpuTimes.now();
      log.printf(
          "CPU: %d s own, %d s of children%n", cpu.own().toSeconds(), cpu.children().toSeconds());
      report.done(cpu.sum());
    }
    RoomReport report = RoomReport.read(file);
    log.println(report.counts());
    return report.failed().isEmpty() ? 0 : 1;
  }

  /** The classes to run, without those that are there to be extended. */
  private static List<Class<?>> testClasses(Path folder, String packageName) throws IOException {
    Path start = folder.resolve(packageName.replace('.', '/'));
    List<String> names;
    try (var files = Files.walk(start)) {
      names =
          files
              .map(file -> folder.relativize(file).toString())
              .filter(file -> file.endsWith("Test.class") && !file.contains("$"))
              .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.'))
              .sorted()
              .toList();
    }
    return names.stream()
        .<Class<?>>map(RoomTests::load)
        .filter(type -> !Modifier.isAbstract(type.getModifiers()))
        .toList();
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, RoomTests.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(name + ": not in the class path", e);
    }
  }
}
