package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

class ReportingListenerTest {
  private static final String NAME = ReportingListenerTest.class.getName();

  @TempDir Path folder;
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();

  private RoomReport run(Class<?> type) throws IOException {
    Path file = folder.resolve("report");
    try (ReportFile report = new ReportFile(file);
        PrintStream out = new PrintStream(log, true, StandardCharsets.UTF_8)) {
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request()
                  .selectors(DiscoverySelectors.selectClass(type))
                  .build(),
              new ReportingListener(report, out));
    }
    return RoomReport.read(file);
  }

  @Test
  void everyTestIsReportedWithItsEnd() throws IOException {
    RoomReport report = run(Outcomes.class);

    assertThat(report.counts()).hasToString("Tests run: 6, Failures: 1, Errors: 1, Skipped: 1");
    assertThat(report.classes()).containsExactly(NAME + "$Outcomes");
    assertThat(report.failed())
        .anyMatch(line -> line.contains("Outcomes.fails: ") && line.contains("wanted"))
        .anyMatch(line -> line.contains("Outcomes.breaks: java.lang.IllegalStateException: a"))
        .hasSize(2);
    assertThat(report.skipped()).allMatch(line -> line.contains("Outcomes.isNotPossibleHere: "));
    assertThat(report.unfinished()).isEmpty();
  }

  @Test
  void failuresHaveTheirStacksInTheLog() throws IOException {
    run(Outcomes.class);

    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("FAILED: ReportingListenerTest$Outcomes.breaks\n")
        .contains("java.lang.IllegalStateException: a\n\tat " + NAME + "$Outcomes.breaks(")
        .contains("Caused by: java.lang.IllegalStateException: b\n");
  }

  @Test
  void classWhoseSetUpFailsIsRed() throws IOException {
    RoomReport report = run(BrokenSetUp.class);

    assertThat(report.counts()).hasToString("Tests run: 1, Failures: 0, Errors: 1, Skipped: 0");
    assertThat(report.classes()).containsExactly(NAME + "$BrokenSetUp");
  }

  static class Outcomes {
    @Test
    void passes() {}

    @Test
    void fails() {
      throw new AssertionError("wanted");
    }

    @Test
    void breaks() {
      throw new IllegalStateException("a", new IllegalStateException("b"));
    }

    @Test
    void isNotPossibleHere() {
      abort("no Go");
    }

    @ParameterizedTest
    @ValueSource(strings = "one")
    void takesAnArgument(String argument) {
      assertThat(argument).isEqualTo("one");
    }

    @Nested
    class Inner {
      @Test
      void passesToo() {}
    }
  }

  static class BrokenSetUp {
    @BeforeAll
    static void fail() {
      throw new IllegalStateException("no server");
    }

    @Test
    void isNeverRun() {}
  }
}
