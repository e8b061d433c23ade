package dev.holdfast.cli.drain;

import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.fleet.FleetOptions;
import dev.holdfast.cli.fleet.FleetQuery;
import dev.holdfast.cli.fleet.FleetReader;
import dev.holdfast.cli.fleet.FleetRow;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.cli.fleet.OpenFleet;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.HostPort;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** The change of the mark of one endpoint by the admin service of its process. */
final class EndpointMark {
  private EndpointMark() {}

  /**
   * Finds the endpoint in the registry, and asks its process.
   *
   * @throws UserError when there is no such endpoint, or its process refuses
   */
  static int set(CommonOptions common, FleetOptions fleetOptions, String endpoint, boolean draining)
      throws InterruptedException {
    String address = HostPort.parse(endpoint).toString();
    try (OpenFleet fleet = fleetOptions.open((service, endpoints) -> {})) {
      FleetReader reader = fleet.reader();
      List<FleetRow> rows =
          reader
              .read(FleetQuery.of(FleetView.SERVICES, List.of(address), Integer.MAX_VALUE))
              .rows()
              .stream()
              .filter(row -> address.equals(row.values().get("endpoint")))
              .toList();
      if (rows.isEmpty()) {
        throw UserError.failed(
            "endpoint: " + address + " (expected: one that the registry has; see holdfast ls)");
      }
      String process = String.valueOf(rows.get(0).values().get("process_key"));
      if (process.isEmpty()) {
        throw UserError.failed(
            "endpoint: "
                + address
                + ": its process has no admin service (expected: HOLDFAST_ADMIN and"
                + " HOLDFAST_ADMIN_TOKEN_FILE there)");
      }
      List<String> marked = reader.setDraining(process, address, draining).get();
      print(common, marked, draining);
      return ExitCode.OK;
    } catch (ExecutionException e) {
      throw UserError.failed(
          "endpoint: "
              + address
              + ": "
              + (e.getCause() instanceof StatusRuntimeException status
                  ? CallFailureText.of(status.getStatus())
                  : String.valueOf(e.getMessage())));
    }
  }

  private static void print(CommonOptions common, List<String> marked, boolean draining) {
    for (String endpoint : marked) {
      common
          .commandContext()
          .out()
          .println(
              common.json()
                  ? JsonLine.object().with("endpoint", endpoint).with("draining", draining)
                  : endpoint + (draining ? " drains" : " is back"));
    }
  }
}
