package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.Panel.bytes;
import static dev.holdfast.cli.dashboards.Panel.count;
import static dev.holdfast.cli.dashboards.Panel.events;
import static dev.holdfast.cli.dashboards.Panel.quantiles;
import static dev.holdfast.cli.dashboards.Panel.rate;
import static dev.holdfast.cli.dashboards.Panel.value;

import dev.holdfast.gateway.limits.GatewayMeter;
import java.util.List;

/** The panels of gateways. */
final class GatewayPanels {
  private static final List<String> METHOD = List.of("grpc_method");
  private static final List<String> STATUS = List.of("grpc_status");
  private static final List<String> TARGET = List.of("grpc_target");

  private GatewayPanels() {}

  static List<PanelRow> rows() {
    return List.of(calls(), endpoints(), refusals(), files(), resumable(), tcp());
  }

  private static PanelRow calls() {
    return PanelRow.of(
        "Calls of clients",
        rate(GatewayMeter.SERVER_STARTED, "Calls", "the usual load."),
        count(GatewayMeter.SERVER_DURATION, STATUS, "Calls by status", "nearly all OK."),
        quantiles(
            GatewayMeter.SERVER_DURATION, METHOD, "Duration by method", "that of the service."),
        quantiles(
            GatewayMeter.ROUTE_DURATION,
            List.of("route", "cluster"),
            "Duration by route",
            "that of the service."),
        value(GatewayMeter.OPEN, "Open calls", "constant under constant load."),
        events(GatewayMeter.LOCAL_REPLIES, "Replies of the gateway itself", "none."),
        bytes(GatewayMeter.SERVER_SENT, METHOD, "Sent to clients", "the usual load."),
        bytes(GatewayMeter.SERVER_RCVD, METHOD, "Received from clients", "the usual load."));
  }

  private static PanelRow endpoints() {
    return PanelRow.of(
        "Endpoints",
        rate(GatewayMeter.CLIENT_STARTED, "Attempts", "hardly more than calls."),
        events(GatewayMeter.RETRIED, "Retries", "none while no endpoint fails."),
        count(GatewayMeter.CLIENT_DURATION, STATUS, "Attempts by status", "nearly all OK."),
        quantiles(
            GatewayMeter.CLIENT_DURATION,
            TARGET,
            "Duration by cluster",
            "hardly less than that of the calls."),
        bytes(GatewayMeter.CLIENT_SENT, TARGET, "Sent to endpoints", "as received from clients."),
        bytes(GatewayMeter.CLIENT_RCVD, TARGET, "Received from endpoints", "as sent to clients."),
        value(
            GatewayMeter.SUBCHANNEL_OPEN, "Open connections", "at least one per endpoint in use."),
        events(GatewayMeter.SUBCHANNEL_CONNECTED, "New connections", "few."),
        events(GatewayMeter.SUBCHANNEL_FAILED, "Failed connections", "none."),
        events(
            GatewayMeter.SUBCHANNEL_DISCONNECTED,
            "Ended connections",
            "only ends in order, as in a drain of an endpoint."),
        events(GatewayMeter.EJECTED, "Ejected endpoints", "none."),
        events(GatewayMeter.HEALTH_CHECKS, "Health checks", "all serving."),
        value(GatewayMeter.UNHEALTHY, "Unhealthy endpoints", "0."));
  }

  private static PanelRow refusals() {
    return PanelRow.of(
        "Limits and refusals",
        events(GatewayMeter.LIMITED, "Limits that were met", "none."),
        events(GatewayMeter.TLS_REFUSED, "Failed handshakes", "none, apart from port scans."),
        events(
            GatewayMeter.PROXY_REFUSED,
            "Refused headers of the PROXY protocol",
            "none, apart from port scans."),
        events(GatewayMeter.LOG_LOST, "Lost lines of the access log", "none."),
        events(GatewayMeter.CONNECTION_FAULTS, "Faults of the gateway itself", "none, ever."));
  }

  private static PanelRow files() {
    return PanelRow.of(
        "Certificates and descriptors",
        value(
            GatewayMeter.TLS_EXPIRES,
            "min",
            "Life of certificates",
            "more than two weeks; the renewal comes before."),
        events(GatewayMeter.TLS_FILES, "Changed certificates", "none refused."),
        events(GatewayMeter.SCHEMA_FILES, "Changed descriptor sets", "none refused."));
  }

  private static PanelRow resumable() {
    return PanelRow.of(
        "Resumable streams",
        value(GatewayMeter.RESUME_SESSIONS, "Kept streams", "below the limit of the route."),
        value(GatewayMeter.RESUME_BYTES, "Kept messages", "below the limit of the route."),
        events(
            GatewayMeter.RESUME_READERS,
            "Readers",
            "opened, resumed and complete; few with any other result."),
        events(GatewayMeter.RESUME_ENDED, "Streams no longer kept", "none evicted."),
        events(
            GatewayMeter.RESUME_UPSTREAM,
            "Sessions with services",
            "opened and resumed; none lost, and moved where handlers mark no cursors."));
  }

  private static PanelRow tcp() {
    return PanelRow.of(
        "Passed through (L4)",
        events(GatewayMeter.L4_OPENED, "Connections passed through", "the usual load."),
        events(GatewayMeter.L4_ENDED, "Ends of connections passed through", "nearly all closed."),
        rate(GatewayMeter.L4_BYTES, "Bytes passed through", "the usual load."));
  }
}
