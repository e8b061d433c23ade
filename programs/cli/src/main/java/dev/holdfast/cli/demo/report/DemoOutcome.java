package dev.holdfast.cli.demo.report;

import dev.holdfast.cli.ExitCode;
import java.util.List;
import java.util.Map;

/** The result of a demo run: the {@code RESULT} line and the exit code. */
public interface DemoOutcome {

  /** Names and values in the order of the line. */
  Map<String, String> fields();

  /** The missed bounds, one line each, with the measured and the expected value. */
  List<String> missedBounds();

  /** 0 when every bound was kept, else 1. */
  default int exitCode() {
    return missedBounds().isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  /** The {@code RESULT} line, which ends the output. */
  default String line() {
    StringBuilder line = new StringBuilder("RESULT");
    fields().forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    return line.toString();
  }

  /** The line of a bound that was missed. */
  default String missed(String name, String expected) {
    return "bound missed: " + name + "=" + fields().get(name) + " (expected: " + expected + ")";
  }
}
