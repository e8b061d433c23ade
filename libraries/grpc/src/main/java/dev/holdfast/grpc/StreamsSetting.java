package dev.holdfast.grpc;

import dev.holdfast.hooks.StreamsProvider;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The setting that makes streams of a process resumable: {@code HOLDFAST_STREAMS} in the
 * environment, or {@code -Dholdfast.streams}, which wins; {@code off} for none.
 */
final class StreamsSetting {
  static final String VARIABLE = "HOLDFAST_STREAMS";
  static final String PROPERTY = "holdfast.streams";

  private static final String OFF = "off";

  private static final Logger log = LoggerFactory.getLogger(StreamsSetting.class);

  /**
   * The configurations by setting, shared by all channels and servers of an environment; there are
   * as many as environments, which are few.
   */
  private static final Map<StreamsEnvironment, StreamsProvider.StreamsConfiguration> CONFIGURED =
      new ConcurrentHashMap<>();

  /** The setting, and the environment that names its store and its key. */
  private record StreamsEnvironment(String text, Map<String, String> environment) {}

  private StreamsSetting() {}

  /** Whether the environment of the process names any. */
  static boolean isOn() {
    return said(System.getenv()).isPresent();
  }

  /** The configuration of the setting in the environment of the process. */
  static Optional<StreamsProvider.StreamsConfiguration> streams() {
    return streams(System.getenv());
  }

  /**
   * The configuration of the setting in an environment; empty when it is not set or off.
   *
   * @throws IllegalArgumentException naming the variable and what was expected
   */
  static Optional<StreamsProvider.StreamsConfiguration> streams(Map<String, String> environment) {
    return said(environment)
        .map(text -> new StreamsEnvironment(text, environment))
        .map(key -> CONFIGURED.computeIfAbsent(key, StreamsSetting::configure));
  }

  private static Optional<String> said(Map<String, String> environment) {
    String property = System.getProperty(PROPERTY, "");
    String text = (property.isEmpty() ? environment.getOrDefault(VARIABLE, "") : property).strip();
    return text.isEmpty() || text.equalsIgnoreCase(OFF) ? Optional.empty() : Optional.of(text);
  }

  private static StreamsProvider.StreamsConfiguration configure(StreamsEnvironment key) {
    StreamsProvider.StreamsConfiguration streamsConfiguration =
        ServiceLoader.load(StreamsProvider.class)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        VARIABLE + ": set (expected: holdfast-streams on the class path with it)"))
            .configure(key.text(), key.environment());
    log.info("event=streams_on streams=\"{}\" off_by=\"{}=off\"", key.text(), VARIABLE);
    return streamsConfiguration;
  }
}
