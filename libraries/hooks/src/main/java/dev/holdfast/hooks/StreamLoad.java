package dev.holdfast.hooks;

import dev.holdfast.core.Endpoint;
import java.util.Map;
import java.util.Optional;

/**
 * The load of an instance with resumable streams, as it publishes it in the metadata of its record.
 *
 * @param streams streams with a connection to the instance
 * @param overloaded whether the instance says of itself that it has too many
 */
public record StreamLoad(long streams, boolean overloaded) {
  /** The key of the metadata. */
  public static final String KEY = "holdfast-streams";

  /** The load of an instance without a stream. */
  public static final StreamLoad NONE = new StreamLoad(0, false);

  private static final String OVERLOADED = " overloaded";
  private static final int DIGITS = 12;

  /** The load that an endpoint publishes; empty when it publishes none that can be read. */
  public static Optional<StreamLoad> of(Endpoint endpoint) {
    return parse(endpoint.metadata().getOrDefault(KEY, ""));
  }

  private static Optional<StreamLoad> parse(String text) {
    boolean overloaded = text.endsWith(OVERLOADED);
    String digits = overloaded ? text.substring(0, text.length() - OVERLOADED.length()) : text;
    boolean number =
        !digits.isEmpty()
            && digits.length() <= DIGITS
            && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return number
        ? Optional.of(new StreamLoad(Long.parseLong(digits), overloaded))
        : Optional.empty();
  }

  /** The loads of two parts of an instance together. */
  public StreamLoad plus(StreamLoad other) {
    return new StreamLoad(streams + other.streams, overloaded || other.overloaded);
  }

  /** The metadata entry that says it. */
  public Map<String, String> toMetadata() {
    return Map.of(KEY, streams + (overloaded ? OVERLOADED : ""));
  }
}
