package dev.holdfast.streams.redis;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of sessions in Redis; docs/meters.md is generated from this enum. */
public enum RedisMeter implements DocumentedMeter {
  ANSWERS(
      "holdfast.streams.redis.responses",
      RegistryMeter.MeterType.COUNTER,
      "answers",
      List.of("operation", "response"),
      "Responses to store requests of sessions, by operation; FAILED: none came from Redis, LOST:"
          + " ends the session."),
  UNTRUSTED(
      "holdfast.streams.redis.untrusted",
      RegistryMeter.MeterType.COUNTER,
      "sessions",
      List.of(),
      "Sessions that could not move because Redis was started again and may have forgotten the"
          + " newest of them."),
  CONNECTED(
      "holdfast.streams.redis.connected",
      RegistryMeter.MeterType.GAUGE,
      "connections",
      List.of("store"),
      "1 while there is a connection to Redis."),
  OUTSTANDING(
      "holdfast.streams.redis.outstanding",
      RegistryMeter.MeterType.GAUGE,
      "requests",
      List.of("store"),
      "Requests of sessions that wait for Redis.");

  private final MeterSpec spec;

  RedisMeter(
      String meterName,
      RegistryMeter.MeterType meterType,
      String unit,
      List<String> tags,
      String description) {
    spec =
        new MeterSpec(
            meterName,
            meterType,
            unit,
            tags,
            description,
            meterType.equals(RegistryMeter.MeterType.GAUGE));
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
