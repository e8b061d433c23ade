package dev.holdfast.spring.boot.starter;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings under {@code holdfast}, as bound. {@link SpringSetting} has the meaning, the range
 * and the default of each; null is "not set".
 */
@ConfigurationProperties("holdfast")
public record HoldfastProperties(
    @DefaultValue("true") boolean enabled,
    @Nullable String registry,
    @Nullable String registryUser,
    @Nullable String registryPassword,
    @Nullable String registryPasswordFile,
    @Nullable String snapshotDir,
    @Nullable String zone,
    @Nullable String path,
    @Nullable String streams,
    @Nullable String streamsStore,
    @Nullable String streamsKey,
    @Nullable String streamsKeyFile,
    @DefaultValue("true") boolean grpcMetrics,
    @DefaultValue Client client,
    @DefaultValue Server server) {

  /** The settings of channels. */
  public record Client(
      @DefaultValue("true") boolean enabled,
      @Nullable Boolean retryIdempotent,
      @Nullable Duration slowStart) {}

  /** The settings of the server. */
  public record Server(
      @DefaultValue("true") boolean enabled,
      @Nullable String registry,
      @Nullable String service,
      @Nullable String advertise,
      @Nullable String zone,
      @Nullable Integer weight,
      @DefaultValue Map<String, String> metadata,
      @DefaultValue Drain drain) {}

  /** The times of a shutdown, which are parts of its one budget. */
  public record Drain(@Nullable Duration withdrawWithin, @Nullable Duration spread) {}
}
