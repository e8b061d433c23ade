package dev.holdfast.streams.redis;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of sessions in Redis; docs/meters.md is generated from this enum. */
public enum RedisMeter implements DocumentedMeter {
  ANSWERS(
      "holdfast.streams.redis.answers",
      RegistryMeter.Type.COUNTER,
      "answers",
      List.of("verb", "answer"),
      "Answers to sessions, by what they asked; FAILED is none from Redis, LOST ends a session."),
  DOUBTED(
      "holdfast.streams.redis.doubted",
      RegistryMeter.Type.COUNTER,
      "sessions",
      List.of(),
      "Sessions that could not move because Redis was started again and may have forgotten the"
          + " newest of them."),
  CONNECTED(
      "holdfast.streams.redis.connected",
      RegistryMeter.Type.GAUGE,
      "connections",
      List.of("store"),
      "1 while there is a connection to Redis."),
  OUTSTANDING(
      "holdfast.streams.redis.outstanding",
      RegistryMeter.Type.GAUGE,
      "requests",
      List.of("store"),
      "Requests of sessions that wait for Redis.");

  private final MeterSpec spec;

  RedisMeter(
      String meterName,
      RegistryMeter.Type type,
      String unit,
      List<String> tags,
      String description) {
    spec =
        new MeterSpec(
            meterName, type, unit, tags, description, type.equals(RegistryMeter.Type.GAUGE));
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
