package dev.holdfast.grpc;

import dev.holdfast.core.Endpoint;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The share of calls that a server wants: as its builder says, else as its environment does. */
final class WeightSetting {
  private WeightSetting() {}

  /**
   * @throws IllegalArgumentException naming the variable and what was expected
   */
  static int of(@Nullable Integer said, Map<String, String> environment) {
    if (said != null) {
      return said;
    }
    String variable = HoldfastServerBuilder.WEIGHT_VARIABLE;
    String text = environment.getOrDefault(variable, Endpoint.WEIGHT.defaultText());
    try {
      return Endpoint.WEIGHT.require(Integer.parseInt(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          variable + ": \"" + text + "\" (expected: " + Endpoint.WEIGHT.expected() + ")", e);
    }
  }
}
