package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.Panel.events;
import static dev.holdfast.cli.dashboards.Panel.value;

import dev.holdfast.control.ControlMeter;
import dev.holdfast.control.resources.ResourceMeter;
import java.util.List;

/** The panels of control planes. */
final class ControlPanels {
  private ControlPanels() {}

  static List<PanelRow> rows() {
    return List.of(clients(), resources());
  }

  private static PanelRow clients() {
    return PanelRow.of(
        "Clients",
        value(ControlMeter.STREAMS, "Open streams", "one or two per client."),
        events(ControlMeter.RESPONSES, "Responses", "a few after each change."),
        events(ControlMeter.ACKS, "Answers of clients", "all accepted."),
        events(ControlMeter.STREAMS_REFUSED, "Refused streams", "none."),
        events(ControlMeter.UNKNOWN_TYPES, "Requests for unknown types", "none."),
        events(ControlMeter.LOAD_REPORTS, "Load reports", "one per client and 10 s."));
  }

  private static PanelRow resources() {
    return PanelRow.of(
        "Resources",
        value(ControlMeter.SERVICES, "max", "Services", "all served."),
        events(ControlMeter.SNAPSHOTS, "Changes of what is served", "as instances come and go."),
        events(ControlMeter.BUILDS_FAILED, "Services that could not be built", "none."),
        events(ResourceMeter.POLICIES_ACCEPTED, "Policies in use", "one for each edit."),
        events(ResourceMeter.POLICIES_REFUSED, "Refused policies", "none."),
        events(ResourceMeter.ENDPOINTS_UNSERVABLE, "Endpoints without an address", "none."));
  }
}
