package dev.holdfast.grpc.metrics;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter.MeterType;
import java.util.List;

/**
 * The metrics of calls and attempts that gRPC defines, with the names and labels of gRFC A66 and
 * A96; docs/meters.md is generated from this enum. Those of connections (A80, A94) are gRPC's own
 * instruments, and are recorded as it registers them.
 */
public enum GrpcMetric implements DocumentedMeter {
  CLIENT_CALL_DURATION(
      "grpc.client.call.duration",
      MeterType.HISTOGRAM,
      "seconds",
      Labels.CLIENT_STATUS,
      "Time of a call as the application sees it, all attempts included."),
  CLIENT_ATTEMPT_STARTED(
      "grpc.client.attempt.started",
      MeterType.COUNTER,
      "",
      Labels.CLIENT,
      "Attempts that began, those that have not ended included."),
  CLIENT_ATTEMPT_DURATION(
      "grpc.client.attempt.duration",
      MeterType.HISTOGRAM,
      "seconds",
      Labels.CLIENT_STATUS,
      "Time of an attempt, until its end."),
  CLIENT_ATTEMPT_SENT(
      "grpc.client.attempt.sent_total_compressed_message_size",
      MeterType.HISTOGRAM,
      "bytes",
      Labels.CLIENT_STATUS,
      "Compressed bytes of all request messages of an attempt, without metadata and frames."),
  CLIENT_ATTEMPT_RECEIVED(
      "grpc.client.attempt.rcvd_total_compressed_message_size",
      MeterType.HISTOGRAM,
      "bytes",
      Labels.CLIENT_STATUS,
      "Compressed bytes of all response messages of an attempt, without metadata and frames."),
  CLIENT_CALL_RETRIES(
      "grpc.client.call.retries",
      MeterType.HISTOGRAM,
      "",
      Labels.CLIENT,
      "Retries of a call that had some, those of idempotent methods by Holdfast included."),
  CLIENT_CALL_TRANSPARENT_RETRIES(
      "grpc.client.call.transparent_retries",
      MeterType.HISTOGRAM,
      "",
      Labels.CLIENT,
      "Transparent retries of a call that had some: of attempts that no server had processed."),
  CLIENT_CALL_HEDGES(
      "grpc.client.call.hedges",
      MeterType.HISTOGRAM,
      "",
      Labels.CLIENT,
      "Hedges of a call that had some."),
  CLIENT_CALL_RETRY_DELAY(
      "grpc.client.call.retry_delay",
      MeterType.HISTOGRAM,
      "seconds",
      Labels.CLIENT,
      "Time of a call with retries during which it had no attempt."),
  SERVER_CALL_STARTED(
      "grpc.server.call.started",
      MeterType.COUNTER,
      "",
      Labels.SERVER,
      "Calls that began at a server, those that have not ended included."),
  SERVER_CALL_DURATION(
      "grpc.server.call.duration",
      MeterType.HISTOGRAM,
      "seconds",
      Labels.SERVER_STATUS,
      "Time of a call at its server, from its headers to its end."),
  SERVER_CALL_SENT(
      "grpc.server.call.sent_total_compressed_message_size",
      MeterType.HISTOGRAM,
      "bytes",
      Labels.SERVER_STATUS,
      "Compressed bytes of all response messages of a call, without metadata and frames."),
  SERVER_CALL_RECEIVED(
      "grpc.server.call.rcvd_total_compressed_message_size",
      MeterType.HISTOGRAM,
      "bytes",
      Labels.SERVER_STATUS,
      "Compressed bytes of all request messages of a call, without metadata and frames.");

  // Nothing in it changes, which the checker can't see.
  @SuppressWarnings("ImmutableEnumChecker")
  private final MeterSpec spec;

  GrpcMetric(
      String meterName, MeterType meterType, String unit, List<String> tags, String description) {
    spec = new MeterSpec(meterName, meterType, unit, tags, description, false);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }

  /** The labels of gRFC A66. */
  private static final class Labels {
    static final List<String> CLIENT = List.of("grpc.method", "grpc.target");
    static final List<String> CLIENT_STATUS = List.of("grpc.method", "grpc.target", "grpc.status");
    static final List<String> SERVER = List.of("grpc.method");
    static final List<String> SERVER_STATUS = List.of("grpc.method", "grpc.status");
  }
}
