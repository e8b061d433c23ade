package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.testrunner.fixture.EndlessProgram;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JvmProcessTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;
  private Path log;

  @BeforeEach
  void log() {
    log = folder.resolve("log");
  }

  private RoomProcess start(String... words) throws IOException {
    List<String> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    all.addAll(List.of(words));
    List<Path> classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .map(Path::of)
            .toList();
    return JvmProcess.start(
        new RoomCommand(all, classPath, folder, folder.resolve("report"), List.of(), LIMIT), log);
  }

  private RoomProcess runTests(String packageName, String... jvmOptions) throws Exception {
    Path classes =
        Path.of(JvmProcessTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> words = new ArrayList<>(List.of(jvmOptions));
    words.addAll(
        List.of(
            RoomTests.class.getName(),
            folder.resolve("report").toString(),
            classes.toString(),
            packageName,
            "junit.jupiter.execution.timeout.testable.method.default=10 s"));
    return start(words.toArray(String[]::new));
  }

  @Test
  void roomsTestsRunInAJvmOfTheirOwn() throws Exception {
    RoomProcess process = runTests("dev.holdfast.testrunner.fixture");

    assertThat(process.waitFor(LIMIT)).isTrue();
    assertThat(process.exitCode()).as(Files.readString(log)).isZero();
    RoomReport report = RoomReport.read(folder.resolve("report"));
    assertThat(report.counts()).hasToString("Tests run: 2, Failures: 0, Errors: 0, Skipped: 0");
    assertThat(report.classes()).containsExactly("dev.holdfast.testrunner.fixture.SmallTest");
    assertThat(report.cpu()).hasValueSatisfying(cpu -> assertThat(cpu).isPositive());
    assertThat(Files.readString(log)).contains("Tests run: 2, ");
  }

  @Test
  void testsWithTheTagAreLeftOut() throws Exception {
    RoomProcess process =
        runTests("dev.holdfast.testrunner.fixture", "-Dholdfast.test.withoutTag=small");

    assertThat(process.waitFor(LIMIT)).isTrue();
    assertThat(RoomReport.read(folder.resolve("report")).counts())
        .hasToString("Tests run: 1, Failures: 0, Errors: 0, Skipped: 0");
  }

  @Test
  void packageThatIsNotThereIsAnErrorOfTheJvm() throws Exception {
    RoomProcess process = runTests("dev.holdfast.nowhere");

    assertThat(process.waitFor(LIMIT)).isTrue();
    assertThat(process.exitCode()).isEqualTo(3);
    assertThat(Files.readString(log)).contains("NoSuchFileException");
    assertThat(RoomReport.read(folder.resolve("report")).isComplete()).isFalse();
  }

  @Test
  void killedJvmLeavesItsStacksAndNoChildren() throws Exception {
    RoomProcess process = start(EndlessProgram.class.getName());
    // The program and its child have begun.
    Awaitility.await().atMost(LIMIT).until(() -> Files.readString(log).contains("child"));
    long child = Long.parseLong(Files.readString(log).replaceAll("[^0-9]", ""));
    assertThat(process.waitFor(Duration.ZERO)).isFalse();

    process.kill();

    assertThat(process.waitFor(LIMIT)).isTrue();
    assertThat(Files.readString(log)).contains("EndlessProgram.main");
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
  }
}
