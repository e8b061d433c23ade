package dev.holdfast.cli.demo;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What a run came to: the last line of the output and the exit code.
 *
 * @param calls made by the Holdfast client, or due and not made
 * @param steps how many steps reached their goal
 * @param scaleUpMillis from a record being visible to the first call its instance served, the worst
 *     of the new instances; empty when the step did not get there
 * @param killRecoveryMillis from SIGKILL to the end of the last call that needed a retry; empty
 *     when the step did not get there
 * @param stockFailed failed calls of the stock client beside it
 * @param registry {@code file} or {@code etcd}
 */
record DemoResult(
    CallLedger.Totals calls,
    int steps,
    OptionalLong scaleUpMillis,
    OptionalLong killRecoveryMillis,
    long stockFailed,
    String registry) {

  /** The number of steps in the story. */
  static final int STEPS = 5;

  /** 0 when no call failed and every step reached its goal, else 1. */
  int exitCode() {
    return calls.failed() == 0 && calls.calls() > 0 && steps == STEPS ? 0 : 1;
  }

  /** Names and values in the order of the line; a measurement that was not made is -1. */
  Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("calls", Long.toString(calls.calls()));
    fields.put("failed", Long.toString(calls.failed()));
    fields.put("retried", Long.toString(calls.retried()));
    fields.put("steps", steps + "/" + STEPS);
    fields.put("scale_up_ms", Long.toString(scaleUpMillis.orElse(-1)));
    fields.put("kill_recovery_ms", Long.toString(killRecoveryMillis.orElse(-1)));
    fields.put("p99_ms", String.format(Locale.ROOT, "%.1f", calls.p99Millis()));
    fields.put("stock_failed", Long.toString(stockFailed));
    fields.put("registry", registry);
    return fields;
  }

  /** The last line. */
  String line() {
    StringBuilder line = new StringBuilder("RESULT");
    fields().forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    return line.toString();
  }
}
