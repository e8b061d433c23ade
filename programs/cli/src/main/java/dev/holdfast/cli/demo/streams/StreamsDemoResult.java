package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.report.DemoOutcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of a run of {@code demo streams}.
 *
 * @param durable readings that the devices with Holdfast sent, and the answers they got
 * @param sessionsLost streams that could not be kept
 * @param effects the effects of those readings in the servers' handlers
 * @param faults network faults that were injected
 * @param steps number of steps that reached their goal
 * @param stock lost and duplicated readings of the stock devices
 */
record StreamsDemoResult(
    DeliveryTracker.DeliveryTotals durable,
    long sessionsLost,
    EffectLog.Effects effects,
    long faults,
    int steps,
    StockDevices.ReadingLosses stock)
    implements DemoOutcome {

  /** The number of steps in the story. */
  static final int STEPS = 4;

  @Override
  public List<String> missedBounds() {
    List<String> missed = new ArrayList<>();
    if (durable.sent() == 0) {
      missed.add(missed("messages", "at least 1"));
    }
    for (String none : List.of("lost", "duplicated", "reordered", "sessions_lost")) {
      if (!"0".equals(fields().get(none))) {
        missed.add(missed(none, "0"));
      }
    }
    if (steps < STEPS) {
      missed.add(missed("steps", STEPS + "/" + STEPS));
    }
    return missed;
  }

  @Override
  public Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("messages", Long.toString(durable.sent() + durable.answered()));
    fields.put("lost", Long.toString(durable.lost()));
    fields.put("duplicated", Long.toString(durable.duplicated() + effects.unrecognised()));
    fields.put("reordered", Long.toString(durable.reordered()));
    fields.put("sessions_lost", Long.toString(sessionsLost));
    fields.put("faults", Long.toString(faults));
    fields.put("steps", steps + "/" + STEPS);
    fields.put("handler_reruns", Long.toString(effects.repeated()));
    fields.put("stock_lost", Long.toString(stock.lost()));
    fields.put("stock_duplicated", Long.toString(stock.duplicated()));
    return fields;
  }
}
