package dev.holdfast.cli.dashboards;

import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** A dashboard of Grafana, with the alerts that belong to it. */
public enum Dashboard {
  /** Endpoints, registries, registrations, connections and calls of channels and servers. */
  SERVICES(
      "Which endpoints has each service, who is registered, and how do connections and calls fare?",
      ServicePanels::rows,
      ServiceAlerts::all),
  /** Calls, endpoints and listeners of gateways. */
  GATEWAY(
      "How do calls through the gateway fare, which endpoint fails, and what does the gateway"
          + " refuse?",
      GatewayPanels::rows,
      GatewayAlerts::all),
  /** Resumable streams and their store. */
  STREAMS(
      "Do streams survive the cuts of their connections, and does their store answer?",
      StreamPanels::rows,
      StreamAlerts::all),
  /** Control planes and their clients. */
  CONTROL(
      "Do the clients of xDS have what they need, and what do they reject?",
      ControlPanels::rows,
      ControlAlerts::all);

  private final String question;

  // Both return constants, which the checker can't see.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Supplier<List<PanelRow>> rows;

  @SuppressWarnings("ImmutableEnumChecker")
  private final Supplier<List<Alert>> alerts;

  Dashboard(String question, Supplier<List<PanelRow>> rows, Supplier<List<Alert>> alerts) {
    this.question = question;
    this.rows = rows;
    this.alerts = alerts;
  }

  /** The name in file names, rule groups and documents. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The title that Grafana shows. */
  String title() {
    return "Holdfast " + key();
  }

  /** The question that the dashboard answers. */
  public String question() {
    return question;
  }

  /** The rows from top to bottom. */
  public List<PanelRow> rows() {
    return rows.get();
  }

  /** The panels of all rows. */
  public List<Panel> panels() {
    return rows().stream().flatMap(row -> row.panels().stream()).toList();
  }

  /** The alerts of the rule group with the same name. */
  public List<Alert> alerts() {
    return alerts.get();
  }
}
