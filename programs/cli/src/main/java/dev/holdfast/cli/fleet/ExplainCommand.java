package dev.holdfast.cli.fleet;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.HostPort;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code explain} command, which says why an endpoint gets calls or none. */
@Command(
    name = "explain",
    description = {
      "Say why an endpoint gets calls or none: what the registry, its process and the processes of"
          + " clients say of it."
    },
    footer = {
      "",
      "Processes are asked through their admin service (HOLDFAST_ADMIN); those without one are not",
      "heard. Clients stand in no registry: name them by --admin-address.",
      "Exit codes: 0 explained, 1 no service has such an endpoint, 2 the command line makes no"
          + " sense.",
      "",
      "  holdfast explain orders --endpoint 10.0.0.7:50051"
    })
public final class ExplainCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final FleetOptions fleetOptions = new FleetOptions();

  @Option(
      names = "--endpoint",
      paramLabel = "HOST:PORT",
      required = true,
      description = "The endpoint, as the registry has it.")
  private String endpoint = "";

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    HostPort address = HostPort.parse(endpoint);
    List<String> lines;
    try (OpenFleet fleet = fleetOptions.open((service, endpoints) -> {})) {
      lines = EndpointExplanation.of(fleet.reader(), address.toString());
    } catch (IllegalArgumentException e) {
      throw UserError.failed(String.valueOf(e.getMessage()));
    }
    if (common.json()) {
      common
          .commandContext()
          .out()
          .println(
              JsonLine.object().with("endpoint", address.toString()).with("explanation", lines));
    } else {
      lines.forEach(common.commandContext().out()::println);
    }
    return ExitCode.OK;
  }
}
