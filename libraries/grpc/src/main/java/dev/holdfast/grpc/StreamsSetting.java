package dev.holdfast.grpc;

import dev.holdfast.hooks.StreamsProvider;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The setting that makes streams of a process resumable: {@code HOLDFAST_STREAMS} in the
 * environment, or {@code -Dholdfast.streams}, which wins; {@code off} for none.
 */
final class StreamsSetting {
  static final String VARIABLE = "HOLDFAST_STREAMS";
  static final String PROPERTY = "holdfast.streams";

  private static final String OFF = "off";

  // As grpc logs, so that its users see it; slf4j may have no back end in such a program.
  private static final System.Logger log = System.getLogger("dev.holdfast.grpc");

  /** The configurations by text, shared by all channels and servers of the process. */
  private static final Map<String, StreamsProvider.StreamsConfiguration> CONFIGURED =
      new ConcurrentHashMap<>();

  private StreamsSetting() {}

  /** Whether the environment names any. */
  static boolean isOn() {
    return said(System.getenv()).isPresent();
  }

  /**
   * The configuration of the setting; empty when it is not set or off.
   *
   * @throws IllegalArgumentException naming the variable and what was expected
   */
  static Optional<StreamsProvider.StreamsConfiguration> streams() {
    return said(System.getenv())
        .map(text -> CONFIGURED.computeIfAbsent(text, StreamsSetting::configure));
  }

  private static Optional<String> said(Map<String, String> environment) {
    String property = System.getProperty(PROPERTY, "");
    String text = (property.isEmpty() ? environment.getOrDefault(VARIABLE, "") : property).strip();
    return text.isEmpty() || text.equalsIgnoreCase(OFF) ? Optional.empty() : Optional.of(text);
  }

  private static StreamsProvider.StreamsConfiguration configure(String text) {
    StreamsProvider.StreamsConfiguration streamsConfiguration =
        ServiceLoader.load(StreamsProvider.class)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        VARIABLE + ": set (expected: holdfast-streams on the class path with it)"))
            .configure(text, System.getenv());
    log.log(
        System.Logger.Level.INFO,
        "event=streams_on streams=\"{0}\" off_by=\"{1}=off\"",
        text,
        VARIABLE);
    return streamsConfiguration;
  }
}
