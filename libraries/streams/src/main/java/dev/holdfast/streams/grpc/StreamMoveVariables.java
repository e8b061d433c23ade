package dev.holdfast.streams.grpc;

import dev.holdfast.core.DurationText;
import java.util.Map;

/** The environment variables of durable streams that move to other instances. */
final class StreamMoveVariables {
  /** The variable with the age at which a stream is asked to move. */
  static final String MAX_AGE = "HOLDFAST_STREAMS_MAX_AGE";

  /** The variable that switches rebalancing on. */
  static final String REBALANCE = "HOLDFAST_STREAMS_REBALANCE";

  private StreamMoveVariables() {}

  /**
   * Applies what the environment says.
   *
   * @throws IllegalArgumentException naming the variable, its value and what was expected
   */
  static ServerStreams.Builder apply(
      ServerStreams.Builder builder, Map<String, String> environment) {
    String age = environment.getOrDefault(MAX_AGE, "");
    if (!age.isEmpty()) {
      var unused =
          builder.maxStreamAge(
              DurationText.parse(
                  MAX_AGE, age, StreamMoveOptions.LEAST_AGE, StreamMoveOptions.LARGEST_AGE));
    }
    String rebalance = environment.getOrDefault(REBALANCE, "off");
    switch (rebalance) {
      case "on" -> {
        return builder.rebalance();
      }
      case "off" -> {
        return builder;
      }
      default ->
          throw new IllegalArgumentException(
              REBALANCE + ": \"" + rebalance + "\" (expected: on or off)");
    }
  }
}
