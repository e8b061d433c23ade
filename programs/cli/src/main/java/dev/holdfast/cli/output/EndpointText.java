package dev.holdfast.cli.output;

import dev.holdfast.core.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The text and JSON formats of one endpoint. */
public final class EndpointText {
  private EndpointText() {}

  /** {@code eligible}, {@code unready} or {@code draining}. */
  public static String state(Endpoint endpoint) {
    if (endpoint.draining()) {
      return "draining";
    }
    return endpoint.ready() ? "eligible" : "unready";
  }

  /**
   * The properties that differ from the default, such as {@code zone=a weight=5 unready version=2};
   * "" when none does.
   */
  public static String details(Endpoint endpoint) {
    List<String> words = new ArrayList<>();
    if (!endpoint.zone().isEmpty()) {
      words.add("zone=" + endpoint.zone());
    }
    if (endpoint.weight() != 1) {
      words.add("weight=" + endpoint.weight());
    }
    if (!endpoint.isEligible()) {
      words.add(state(endpoint));
    }
    String metadata =
        endpoint.metadata().entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(" "));
    if (!metadata.isEmpty()) {
      words.add(metadata);
    }
    return printable(String.join(" ", words));
  }

  /** The endpoint as a JSON object with all properties. */
  public static JsonLine json(Endpoint endpoint) {
    return JsonLine.object()
        .with("address", endpoint.address().toString())
        .with("instance", endpoint.instance())
        .with("zone", endpoint.zone())
        .with("weight", endpoint.weight())
        .with("ready", endpoint.ready())
        .with("draining", endpoint.draining())
        .with("metadata", endpoint.metadata());
  }

  /** A record may come from anyone: control characters must not reach the terminal. */
  public static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
