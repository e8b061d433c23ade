package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.report.DemoOutcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The result of a run of {@code demo}: the {@code RESULT} line and the exit code.
 *
 * @param calls made by the Holdfast client, or due and not made
 * @param steps how many steps reached their goal
 * @param measured what steps measured
 * @param stockFailed failed calls of the stock client beside it
 * @param registry {@code file} or {@code etcd}
 * @param gateway made through the gateway, or due and not made
 */
public record DemoResult(
    CallStats.ClientCallTotals calls,
    int steps,
    Measured measured,
    long stockFailed,
    String registry,
    CallStats.ClientCallTotals gateway)
    implements DemoOutcome {

  /**
   * The measurements that steps made; empty for a step that did not get far enough.
   *
   * @param scaleUpMillis from a record being visible to the first call its instance served, the
   *     worst of the new instances
   * @param killRecoveryMillis from SIGKILL to the end of the last call that needed a retry
   * @param reloadMillis from an edit of the gateway's file to the answer that shows it, the worse
   *     of two
   */
  public record Measured(
      OptionalLong scaleUpMillis, OptionalLong killRecoveryMillis, OptionalLong reloadMillis) {}

  /** The number of steps in the story. */
  static final int STEPS = 6;

  /**
   * The longest that a new instance may wait for its first call, also on a busy machine; {@code
   * bench/run discovery} judges how fast it is.
   */
  static final long SCALE_UP_BOUND_MILLIS = 30_000;

  @Override
  public List<String> missedBounds() {
    List<String> missed = new ArrayList<>();
    if (calls.calls() == 0) {
      missed.add(missed("calls", "at least 1"));
    }
    if (calls.failed() > 0) {
      missed.add(missed("failed", "0"));
    }
    if (gateway.calls() == 0) {
      missed.add(missed("gateway_calls", "at least 1"));
    }
    if (gateway.failed() > 0) {
      missed.add(missed("gateway_failed", "0"));
    }
    if (steps < STEPS) {
      missed.add(missed("steps", STEPS + "/" + STEPS));
    }
    OptionalLong scaleUp = measured.scaleUpMillis();
    if (scaleUp.isEmpty() || scaleUp.getAsLong() > SCALE_UP_BOUND_MILLIS) {
      missed.add(missed("scale_up_ms", "0 to " + SCALE_UP_BOUND_MILLIS));
    }
    return missed;
  }

  /** As there; a measurement that was not made is -1. */
  @Override
  public Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("calls", Long.toString(calls.calls()));
    fields.put("failed", Long.toString(calls.failed()));
    fields.put("retried", Long.toString(calls.retried()));
    fields.put("steps", steps + "/" + STEPS);
    fields.put("scale_up_ms", Long.toString(measured.scaleUpMillis().orElse(-1)));
    fields.put("kill_recovery_ms", Long.toString(measured.killRecoveryMillis().orElse(-1)));
    fields.put("p99_ms", String.format(Locale.ROOT, "%.1f", calls.p99Millis()));
    fields.put("stock_failed", Long.toString(stockFailed));
    fields.put("registry", registry);
    fields.put("gateway_calls", Long.toString(gateway.calls()));
    fields.put("gateway_failed", Long.toString(gateway.failed()));
    fields.put("reload_ms", Long.toString(measured.reloadMillis().orElse(-1)));
    fields.put("held_back", Long.toString(calls.heldBack() + gateway.heldBack()));
    return fields;
  }
}
