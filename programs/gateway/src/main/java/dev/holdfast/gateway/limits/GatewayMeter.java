package dev.holdfast.gateway.limits;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of the gateway; docs/meters.md is generated from them. */
public enum GatewayMeter implements DocumentedMeter {
  LIMITED(
      "holdfast.gateway.limited",
      "events",
      List.of("limit"),
      "Times that a limit of the gateway was met, by limit."),
  LOCAL_REPLIES(
      "holdfast.gateway.local.replies",
      "requests",
      List.of("status"),
      "Requests that the gateway answered itself, by gRPC status."),
  RETRIED("holdfast.gateway.retried", "attempts", List.of(), "Attempts that followed another."),
  CONNECTION_FAULTS(
      "holdfast.gateway.connection.faults",
      "connections",
      List.of(),
      "Connections that were closed for a mistake of the gateway itself."),
  EJECTED(
      "holdfast.gateway.ejected",
      "ejections",
      List.of("cluster", "reason"),
      "Times that an endpoint was left out because it failed, by its last fault."),
  HEALTH_CHECKS(
      "holdfast.gateway.health.checks",
      "answers",
      List.of("cluster", "result"),
      "What health checks brought, by result: serving, not_serving, service_unknown, unknown,"
          + " unimplemented, timeout, failed."),
  UNHEALTHY(
      "holdfast.gateway.unhealthy",
      RegistryMeter.MeterType.GAUGE,
      "endpoints",
      List.of("cluster"),
      "Endpoints that get no calls because of what health checks found."),
  SERVER_STARTED(
      "grpc.server.call.started",
      "calls",
      List.of("grpc.method"),
      "Calls of clients that began (gRFC A66); methods that nobody answered are other."),
  SERVER_DURATION(
      "grpc.server.call.duration",
      RegistryMeter.MeterType.HISTOGRAM,
      "seconds",
      List.of("grpc.method", "grpc.status"),
      "How long calls took as their clients saw it (gRFC A66)."),
  SERVER_SENT(
      "grpc.server.call.sent_total_compressed_message_size",
      RegistryMeter.MeterType.HISTOGRAM,
      "bytes",
      List.of("grpc.method", "grpc.status"),
      "Bytes of DATA that the client of a call was sent (gRFC A66)."),
  SERVER_RCVD(
      "grpc.server.call.rcvd_total_compressed_message_size",
      RegistryMeter.MeterType.HISTOGRAM,
      "bytes",
      List.of("grpc.method", "grpc.status"),
      "Bytes of DATA that the client of a call sent (gRFC A66)."),
  CLIENT_STARTED(
      "grpc.client.attempt.started",
      "attempts",
      List.of("grpc.method", "grpc.target"),
      "Attempts at an endpoint that began (gRFC A66); the target is the cluster."),
  CLIENT_DURATION(
      "grpc.client.attempt.duration",
      RegistryMeter.MeterType.HISTOGRAM,
      "seconds",
      List.of("grpc.method", "grpc.target", "grpc.status"),
      "How long attempts took, the search for a connection included (gRFC A66)."),
  CLIENT_SENT(
      "grpc.client.attempt.sent_total_compressed_message_size",
      RegistryMeter.MeterType.HISTOGRAM,
      "bytes",
      List.of("grpc.method", "grpc.target", "grpc.status"),
      "Bytes of DATA for an endpoint (gRFC A66)."),
  CLIENT_RCVD(
      "grpc.client.attempt.rcvd_total_compressed_message_size",
      RegistryMeter.MeterType.HISTOGRAM,
      "bytes",
      List.of("grpc.method", "grpc.target", "grpc.status"),
      "Bytes of DATA of an endpoint (gRFC A66)."),
  SUBCHANNEL_CONNECTED(
      "grpc.subchannel.connection_attempts_succeeded",
      "attempts",
      List.of("grpc.target"),
      "Connections to endpoints that came about (gRFC A94); the target is the cluster."),
  SUBCHANNEL_FAILED(
      "grpc.subchannel.connection_attempts_failed",
      "attempts",
      List.of("grpc.target"),
      "Connections to endpoints that did not come about (gRFC A94)."),
  SUBCHANNEL_DISCONNECTED(
      "grpc.subchannel.disconnections",
      "disconnections",
      List.of("grpc.target", "grpc.disconnect_error"),
      "Connections to endpoints that ended, by the first reason that was seen (gRFC A94)."),
  SUBCHANNEL_OPEN(
      "grpc.subchannel.open_connections",
      RegistryMeter.MeterType.GAUGE,
      "connections",
      List.of("grpc.target"),
      "Connections to endpoints that are open (gRFC A94)."),
  ROUTE_DURATION(
      "holdfast.gateway.route.duration",
      RegistryMeter.MeterType.HISTOGRAM,
      "seconds",
      List.of("route", "cluster", "grpc.status"),
      "How long the calls of a route took."),
  OPEN(
      "holdfast.gateway.open",
      RegistryMeter.MeterType.GAUGE,
      "calls",
      List.of("route", "cluster"),
      "Calls that go on now."),
  RESUME_SESSIONS(
      "holdfast.gateway.resume.sessions",
      RegistryMeter.MeterType.GAUGE,
      "streams",
      List.of(),
      "Resumable streams that are kept, with a reader or without."),
  RESUME_BYTES(
      "holdfast.gateway.resume.kept",
      RegistryMeter.MeterType.GAUGE,
      "bytes",
      List.of(),
      "Bytes of messages that resumable streams keep for a reader that may come back."),
  RESUME_READERS(
      "holdfast.gateway.resume.readers",
      "readers",
      List.of("result"),
      "Readers of resumable streams, by result: opened, resumed, complete, unknown, too_late,"
          + " superseded, beyond, other_request; relayed, whose stream an earlier gateway has;"
          + " relay_limit, where too many are; and not_kept, where the route had too many."),
  RESUME_ENDED(
      "holdfast.gateway.resume.ended",
      "streams",
      List.of("reason"),
      "Resumable streams that are no longer kept, by reason: expired, evicted, drained; unread,"
          + " where the reader left before it knew the id."),
  RESUME_UPSTREAM(
      "holdfast.gateway.resume.upstream",
      "sessions",
      List.of("event"),
      "Sessions of resumable streams with services that have sessions, by event: opened; resumed,"
          + " after a cut or at another instance; moved, ended by the drain of an instance that"
          + " handed nothing over; lost."),
  LOG_LOST(
      "holdfast.gateway.access.log.lost",
      "lines",
      List.of("reason"),
      "Lines of the log of calls that were lost, by reason: queue, disk."),
  TLS_EXPIRES(
      new MeterSpec(
          "holdfast.gateway.tls.expires",
          RegistryMeter.MeterType.GAUGE,
          "seconds",
          List.of("certificate"),
          "Time until the certificate in use ends, by its file; below 0 it has expired.",
          false)),
  SCHEMA_FILES(
      "holdfast.gateway.schema.files",
      "changes",
      List.of("result"),
      "Changes of files of descriptors, by result: used, refused."),
  TLS_FILES(
      "holdfast.gateway.tls.files",
      "changes",
      List.of("result"),
      "Changes of files of certificates and keys, by result: used, refused."),
  TLS_REFUSED(
      "holdfast.gateway.tls.refused",
      "handshakes",
      List.of(),
      "Handshakes of TLS with clients that failed."),
  PROXY_REFUSED(
      "holdfast.gateway.proxy.refused",
      "connections",
      List.of("reason"),
      "Connections without a header of the PROXY protocol that is believed, by reason: untrusted,"
          + " missing, malformed, slow."),
  L4_OPENED(
      "holdfast.gateway.l4.opened",
      "connections",
      List.of("cluster"),
      "Connections that were to be passed through to a cluster."),
  L4_ENDED(
      "holdfast.gateway.l4.ended",
      "connections",
      List.of("cluster", "reason"),
      "Those that ended, by reason: closed, reset, idle, drain, no_connection; and those that were"
          + " turned away: no_cluster, malformed, plaintext, slow."),
  L4_BYTES(
      "holdfast.gateway.l4.bytes",
      "bytes",
      List.of("cluster", "direction"),
      "Bytes of connections that are passed through, by direction: sent to endpoints, received"
          + " from them.");

  private final MeterSpec spec;

  GatewayMeter(String meterName, String unit, List<String> tags, String description) {
    this(meterName, RegistryMeter.MeterType.COUNTER, unit, tags, description);
  }

  GatewayMeter(
      String meterName,
      RegistryMeter.MeterType meterType,
      String unit,
      List<String> tags,
      String description) {
    this(new MeterSpec(meterName, meterType, unit, tags, description, true));
  }

  GatewayMeter(MeterSpec spec) {
    this.spec = spec;
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }

  /** Calls and attempts that began are shown as gRPC names them (gRFC A66), without a unit. */
  @Override
  public String prometheusName() {
    return this == SERVER_STARTED || this == CLIENT_STARTED
        ? meterName().replace('.', '_') + "_total"
        : DocumentedMeter.super.prometheusName();
  }
}
