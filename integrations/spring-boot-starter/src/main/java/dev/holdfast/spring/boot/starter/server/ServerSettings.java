package dev.holdfast.spring.boot.starter.server;

import io.grpc.ServerBuilder;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DataSizeUnit;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;
import org.springframework.util.unit.DataUnit;

/**
 * The settings under {@code spring.grpc.server} that the application set, as Spring Boot names
 * them; null for what is Spring Boot's default, which its own properties can't tell apart.
 */
record ServerSettings(
    @DefaultValue Shutdown shutdown,
    @DefaultValue Inbound inbound,
    @DefaultValue Keepalive keepalive) {

  static ServerSettings explicit(Environment environment) {
    return Binder.get(environment)
        .bindOrCreate("spring.grpc.server", Bindable.of(ServerSettings.class));
  }

  /** Sets on a builder what is set here. */
  void applyTo(ServerBuilder<?> builder) {
    if (inbound.message().maxSize() != null) {
      builder.maxInboundMessageSize(bytes("message", inbound.message().maxSize()));
    }
    if (inbound.metadata().maxSize() != null) {
      builder.maxInboundMetadataSize(bytes("metadata", inbound.metadata().maxSize()));
    }
    set(keepalive.time(), builder::keepAliveTime);
    set(keepalive.timeout(), builder::keepAliveTimeout);
    set(keepalive.connection().maxIdleTime(), builder::maxConnectionIdle);
    set(keepalive.connection().maxAge(), builder::maxConnectionAge);
    set(keepalive.connection().gracePeriod(), builder::maxConnectionAgeGrace);
    set(keepalive.permit().time(), builder::permitKeepAliveTime);
    if (keepalive.permit().withoutCalls() != null) {
      builder.permitKeepAliveWithoutCalls(keepalive.permit().withoutCalls());
    }
  }

  private static void set(@Nullable Duration value, BiConsumer<Long, TimeUnit> setter) {
    if (value != null) {
      setter.accept(value.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private static int bytes(String of, DataSize size) {
    long bytes = size.toBytes();
    if (bytes < 0 || bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "spring.grpc.server.inbound."
              + of
              + ".max-size: "
              + size
              + " (expected: 0B to "
              + Integer.MAX_VALUE
              + "B)");
    }
    return (int) bytes;
  }

  record Shutdown(@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration gracePeriod) {}

  record Inbound(@DefaultValue Limit message, @DefaultValue Limit metadata) {}

  record Limit(@DataSizeUnit(DataUnit.BYTES) @Nullable DataSize maxSize) {}

  record Keepalive(
      @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration time,
      @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration timeout,
      @DefaultValue Permit permit,
      @DefaultValue Connection connection) {}

  record Permit(
      @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration time, @Nullable Boolean withoutCalls) {}

  record Connection(
      @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration maxIdleTime,
      @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration maxAge,
      @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration gracePeriod) {}
}
