package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoomReportTest {
  @TempDir Path folder;

  @Test
  void readsWhatWasWritten() throws IOException {
    Path file = folder.resolve("report");
    try (ReportFile report = new ReportFile(file)) {
      report.begin("1");
      report.begin("2");
      report.end("1", TestResult.PASSED, "x.ATest", "ATest.a", "");
      report.end("3", TestResult.FAILED, "x.ATest", "ATest.b", "was\n1\tnot 2");
      report.end("4", TestResult.ERROR, "x.BTest", "BTest.c", "IOException");
      report.end("5", TestResult.SKIPPED, "x.CTest", "CTest", "no Go");
      report.done(Duration.ofMillis(1500));
    }

    assertThat(RoomReport.read(file).counts())
        .hasToString("Tests run: 4, Failures: 1, Errors: 1, Skipped: 1");
    assertThat(RoomReport.read(file).classes())
        .containsExactlyInAnyOrder("x.ATest", "x.BTest", "x.CTest");
    assertThat(RoomReport.read(file).failed())
        .containsExactly("ATest.b: was 1 not 2", "BTest.c: IOException");
    assertThat(RoomReport.read(file).skipped()).containsExactly("CTest: no Go");
    assertThat(RoomReport.read(file).unfinished()).containsExactly("2");
    assertThat(RoomReport.read(file).cpu()).contains(Duration.ofMillis(1500));
  }

  @Test
  void reportThatWasCutOffIsIncomplete() throws IOException {
    Path file = Files.writeString(folder.resolve("report"), "begin\t1\nend\t1\tPASS");

    assertThat(RoomReport.read(file).isComplete()).isFalse();
    assertThat(RoomReport.read(file).unfinished()).containsExactly("1");
    assertThat(RoomReport.read(file).counts()).isEqualTo(TestCounts.NONE);
  }

  @Test
  void jvmThatDidNotStartHasNoReport() throws IOException {
    assertThat(RoomReport.read(folder.resolve("none"))).isEqualTo(RoomReport.EMPTY);
  }

  @Test
  void longMessageIsCut() throws IOException {
    Path file = folder.resolve("report");
    try (ReportFile report = new ReportFile(file)) {
      report.end("1", TestResult.FAILED, "x.ATest", "ATest.a", "x".repeat(10_000));
    }

    assertThat(RoomReport.read(file).failed()).allMatch(line -> line.length() < 500);
  }
}
