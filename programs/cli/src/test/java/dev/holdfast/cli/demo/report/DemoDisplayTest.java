package dev.holdfast.cli.demo.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.holdfast.cli.demo.calls.DemoResult;
import dev.holdfast.cli.demo.calls.DemoSnapshot;
import dev.holdfast.cli.demo.calls.DemoTable;
import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.output.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DemoDisplayTest {
  private final StringWriter text = new StringWriter();
  private final PrintWriter out = new PrintWriter(text);

  @Test
  void noLineOfTheTableIsLongerThanTheTerminalIsWide() {
    for (int width : new int[] {40, 80, 91, 92, 200}) {
      assertThat(DemoTable.lines(snapshot(1), width))
          .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(width));
    }
  }

  @Test
  void theTableShowsRateShareLatencyAndStateOfEachInstanceAndBothClients() {
    String table = String.join("\n", DemoTable.lines(snapshot(1), 120));
    assertThat(table)
        .contains("i1", "127.0.0.1:4001", "serving", "150.0", "75%", "1.5", "###############")
        .contains("holdfast client  calls=200 failed=0 retried=3 p99=2.5 ms")
        .contains("through gateway  calls=100 failed=0 retried=1 p99=2.5 ms")
        .contains("stock grpc-java  calls=200 failed=66 p99=2.5 ms");
  }

  @Test
  void aTerminalIsRedrawnInPlaceAndKeepsTheLinesOfTheStory() {
    TerminalDisplay display = new TerminalDisplay(out, () -> new Terminal.Size(24, 100));
    display.snapshot(snapshot(1));
    display.stepStarted(new StepTitle(1, 5, "scale up"));
    display.snapshot(snapshot(2));
    List<String> screen = TerminalScreen.after(text.toString());
    assertThat(screen.get(0)).isEqualTo("step 1/5 scale up ...");
    assertThat(screen.get(1)).contains("2.0 s");
    assertThat(screen).filteredOn(line -> line.contains("address")).hasSize(1);
    assertThat(screen).hasSize(8);
  }

  @Test
  void aLowTerminalShowsTheNewestInstancesAndBothClients() {
    TerminalDisplay display = new TerminalDisplay(out, () -> new Terminal.Size(7, 100));
    display.snapshot(snapshot(1));
    display.snapshot(snapshot(2));
    List<String> screen = TerminalScreen.after(text.toString());
    assertThat(screen).hasSize(6);
    assertThat(screen.get(0)).contains("2.0 s");
    assertThat(screen.get(2)).contains("i2");
    assertThat(screen.get(5)).contains("stock");
  }

  @Test
  void plainLinesHaveNoEscapesAndShowTheTableEveryFewSecondsOnly() {
    PlainDisplay display = new PlainDisplay(out);
    for (int second = 1; second <= 9; second++) {
      display.snapshot(snapshot(second));
    }
    display.stepEnded(
        new StepReport(new StepTitle(1, 5, "scale up"), "", Map.of("scale_up_ms", "12")));
    assertThat(text.toString()).doesNotContain("\u001b");
    assertThat(text.toString().lines().filter(line -> line.contains("address"))).hasSize(2);
    assertThat(text.toString()).contains("step 1/5 scale up: ok scale_up_ms=12");
  }

  @Test
  void aMissedGoalStandsInTheLineOfItsStep() {
    assertThat(new StepReport(new StepTitle(2, 5, "drain"), "i1 did not end", Map.of()).line())
        .isEqualTo("step 2/5 drain: FAILED (i1 did not end)");
  }

  @Test
  void everyLineOfJsonIsAnObjectWithAnEventAndNumbersAreNumbers() throws IOException {
    StringWriter last = new StringWriter();
    JsonDisplay display = new JsonDisplay(out, new PrintWriter(last));
    display.say("a \"note\"\n");
    display.stepStarted(new StepTitle(1, 5, "scale up"));
    display.stepEnded(
        new StepReport(new StepTitle(1, 5, "scale up"), "late", Map.of("scale_up_ms", "12")));
    display.snapshot(snapshot(1));
    display.failure(1.25, "step 1", "UNAVAILABLE");
    DemoResult result =
        new DemoResult(
            new CallStats.ClientCallTotals(9, 0, 0, 0, 1.5),
            6,
            new DemoResult.Measured(OptionalLong.of(1), OptionalLong.of(2), OptionalLong.of(4)),
            3,
            "file",
            new CallStats.ClientCallTotals(8, 0, 0, 0, 1.5));
    display.result(result);
    List<String> lines = text.toString().lines().toList();
    assertThat(lines).hasSize(6);
    for (String line : lines) {
      try (JsonParser parser = new JsonFactory().createParser(line)) {
        while (parser.nextToken() != null) {
          assertThat(parser.currentToken()).isNotNull();
        }
      }
      assertThat(line).startsWith("{\"event\":\"");
    }
    assertThat(lines.get(2)).contains("\"ok\":false", "\"problem\":\"late\"", "\"scale_up_ms\":12");
    assertThat(lines.get(5)).contains("\"steps\":\"6/6\"", "\"calls\":9");
    assertThat(last.toString().strip()).isEqualTo(result.line());
  }

  private static DemoSnapshot snapshot(double atSeconds) {
    return new DemoSnapshot(
        atSeconds,
        "steady traffic",
        List.of(
            new DemoSnapshot.Row("i1", "127.0.0.1:4001", "serving", 150, 75, 1.5, 2.5),
            new DemoSnapshot.Row("i2", "127.0.0.1:4002", "draining", 50, 25, 1.5, 2.5)),
        new CallStats.ClientCallTotals(200, 0, 3, 0, 2.5),
        new CallStats.ClientCallTotals(100, 0, 1, 0, 2.5),
        new CallStats.ClientCallTotals(200, 66, 0, 0, 2.5));
  }
}
