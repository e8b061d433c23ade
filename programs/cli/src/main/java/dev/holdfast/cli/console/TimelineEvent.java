package dev.holdfast.cli.console;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A change in the fleet.
 *
 * @param at when it happened, by the clock of whoever told it
 * @param kind {@code endpoint}, {@code connection}, {@code stream}, {@code process} or {@code
 *     calls}
 * @param subject what has changed
 * @param what the change, in a word or two
 * @param detail why, as far as is known
 * @param trouble whether somebody lost something by it
 */
record TimelineEvent(
    Instant at, String kind, String subject, String what, String detail, boolean trouble) {

  Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("at_ms", at.toEpochMilli());
    values.put("kind", kind);
    values.put("subject", subject);
    values.put("what", what);
    values.put("detail", detail);
    values.put("trouble", trouble);
    return values;
  }
}
