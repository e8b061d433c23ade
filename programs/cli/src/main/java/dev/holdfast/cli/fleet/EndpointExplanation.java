package dev.holdfast.cli.fleet;

import dev.holdfast.admin.rpc.FailedCalls;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The explanation why an endpoint gets calls or none: what the registry, its process and the
 * processes of clients say of it.
 */
public final class EndpointExplanation {
  @Limit(
      of = "connections of clients that an explanation of an endpoint looks at",
      then = "the others are counted, but not whether they are suspected to be dead")
  private static final int MAX_CONNECTIONS = 1_000;

  private final FleetReader reader;
  private final String endpoint;
  private final List<String> lines = new ArrayList<>();

  private EndpointExplanation(FleetReader reader, String endpoint) {
    this.reader = reader;
    this.endpoint = endpoint;
  }

  /**
   * Explains an endpoint in sentences.
   *
   * @param endpoint host:port
   * @throws IllegalArgumentException when it is malformed, or no service has it
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  public static List<String> of(FleetReader reader, String endpoint) throws InterruptedException {
    String address = HostPort.parse(endpoint).toString();
    EndpointExplanation explanation = new EndpointExplanation(reader, address);
    explanation.registry();
    explanation.connections();
    explanation.lastClosed();
    return List.copyOf(explanation.lines);
  }

  private void registry() throws InterruptedException {
    FleetSnapshot services =
        reader.read(FleetQuery.of(FleetView.SERVICES, List.of(endpoint), Integer.MAX_VALUE));
    List<Map<String, Object>> rows =
        services.rows().stream()
            .map(FleetRow::values)
            .filter(row -> endpoint.equals(row.get("endpoint")))
            .toList();
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "endpoint: " + endpoint + " (expected: one of a service; see holdfast ls)");
    }
    for (Map<String, Object> row : rows) {
      String why = text(row, "why");
      lines.add(
          "%s: %s; registry: %s; weight %s%s."
              .formatted(
                  row.get("service"),
                  row.get("state"),
                  row.get("registry"),
                  row.get("weight"),
                  text(row, "zone").isEmpty() ? "" : ", zone " + row.get("zone")));
      lines.add(why.isEmpty() ? "New calls may go there." : "No new call goes there: " + why + ".");
    }
    process(rows.get(0), services.instances());
  }

  private void process(Map<String, Object> row, List<FleetInstance.InstanceStatus> instances) {
    String admin = text(row, "admin");
    if (admin.equals("none")) {
      lines.add(
          "Its process has no admin service, so it can't say more (expected: HOLDFAST_ADMIN).");
      return;
    }
    if (!admin.equals("answers")) {
      lines.add("Its process does not answer: " + admin + ".");
    } else {
      lines.add(
          "Its process %s answers: %s open connections, %s open streams."
              .formatted(row.get("pid"), row.get("connections"), row.get("streams")));
    }
    String failed =
        instances.stream()
            .flatMap(instance -> instance.report().stream())
            .filter(report -> report.getId().equals(row.get("process")))
            .flatMap(report -> report.getFailedCallsList().stream())
            .filter(calls -> calls.getRole().equals("server"))
            .collect(
                Collectors.groupingBy(
                    FailedCalls::getCode,
                    TreeMap::new,
                    Collectors.summingLong(FailedCalls::getCalls)))
            .entrySet()
            .stream()
            .map(each -> each.getKey() + " " + each.getValue())
            .collect(Collectors.joining(", "));
    if (!failed.isEmpty()) {
      lines.add("Calls that failed there since its start: " + failed + ".");
    }
  }

  private void connections() throws InterruptedException {
    FleetSnapshot open =
        reader.read(FleetQuery.of(FleetView.CONNECTIONS, ofClients(), MAX_CONNECTIONS));
    if (open.matched() == 0) {
      lines.add("No client that shows itself has a connection there.");
      return;
    }
    long processes = open.rows().stream().map(FleetRow::source).distinct().count();
    long suspect =
        open.rows().stream()
            .filter(row -> Boolean.TRUE.equals(row.values().get("suspect")))
            .count();
    lines.add(
        "Clients that show themselves: %d with %d connections there%s."
            .formatted(
                processes,
                open.matched(),
                suspect == 0 ? "" : ", " + suspect + " of them suspected to be dead"));
  }

  private void lastClosed() throws InterruptedException {
    reader.read(FleetQuery.of(FleetView.CLOSED, ofClients(), 1)).rows().stream()
        .findFirst()
        .map(FleetRow::values)
        .ifPresent(
            row -> {
              long closed = row.get("closed_ms") instanceof Number millis ? millis.longValue() : 0;
              lines.add(
                  "The last connection of a client that ended: %s at %s. %s"
                      .formatted(
                          text(row, "code"), Instant.ofEpochMilli(closed), text(row, "explanation"))
                      .strip());
            });
  }

  /** Peers are IP addresses: an endpoint with a host name has no rows. */
  private List<String> ofClients() {
    return List.of("role=client", "peer=" + endpoint);
  }

  private static String text(Map<String, Object> row, String field) {
    return String.valueOf(row.getOrDefault(field, ""));
  }
}
