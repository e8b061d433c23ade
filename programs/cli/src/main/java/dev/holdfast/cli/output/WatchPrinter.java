package dev.holdfast.cli.output;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.Endpoint;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** The output of a watch: one line per event, as text or as JSON. Not thread-safe. */
public final class WatchPrinter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

  private final PrintWriter out;
  private final boolean json;

  public WatchPrinter(PrintWriter out, boolean json) {
    this.out = out;
    this.json = json;
  }

  /**
   * Prints a change of an endpoint.
   *
   * @return whether the output could be written, that is, a reader remains
   */
  public boolean change(
      Instant now, String service, EndpointChangeTracker.AgedEndpointChange agedEndpointChange) {
    EndpointChange change = agedEndpointChange.change();
    Endpoint endpoint = change.endpoint();
    String kind = change.kind().name().toLowerCase(Locale.ROOT);
    if (json) {
      JsonLine line =
          event(now, kind, service)
              .with("address", endpoint.address().toString())
              .with("cause", change.cause());
      agedEndpointChange.heldFor().ifPresent(age -> line.with("age_ms", age.toMillis()));
      return print(line.with("endpoint", EndpointText.json(endpoint)).toString());
    }
    String details = EndpointText.details(endpoint);
    return print(
        text(now, kind, service)
            + String.format(
                Locale.ROOT, "  %-21s  age=%-7s", endpoint.address(), age(agedEndpointChange))
            + "  "
            + change.cause()
            + (details.isEmpty() ? "" : "  [" + details + "]"));
  }

  /** A service of the namespace appeared or went, or the registry can't be followed. */
  public boolean event(
      Instant now, String kind, String service, Optional<Duration> age, String cause) {
    if (json) {
      JsonLine line = event(now, kind, service).with("cause", cause);
      age.ifPresent(value -> line.with("age_ms", value.toMillis()));
      return print(line.toString());
    }
    String shown = age.map(value -> "  age=" + shortened(value)).orElse("");
    return print(text(now, kind, service) + shown + "  " + EndpointText.printable(cause));
  }

  private boolean print(String line) {
    out.println(line);
    return !out.checkError();
  }

  private static JsonLine event(Instant now, String kind, String service) {
    return JsonLine.object()
        .with("time", now.toString())
        .with("change", kind)
        .with("service", service);
  }

  private static String text(Instant now, String kind, String service) {
    return String.format(Locale.ROOT, "%s  %-9s  %s", TIME.format(now), kind, service);
  }

  private static String age(EndpointChangeTracker.AgedEndpointChange agedEndpointChange) {
    return agedEndpointChange.heldFor().map(WatchPrinter::shortened).orElse("-");
  }

  /** Milliseconds matter in the first seconds only. */
  private static String shortened(Duration age) {
    return DurationText.format(age.toMillis() < 10_000 ? age : Duration.ofSeconds(age.toSeconds()));
  }
}
