package dev.holdfast.cli.drain;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.fleet.FleetOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code drain} command, which marks an endpoint as draining. */
@Command(
    name = "drain",
    description = {
      "Mark an endpoint as draining: clients send new calls to the others. Open calls go on, and"
          + " the process keeps running."
    },
    footer = {
      "",
      "Its process must have an admin service with a token or client certificates, and is asked",
      "through it. `holdfast undrain` takes the mark back, and so does a restart.",
      "Exit codes: 0 marked, 1 no such endpoint or its process refuses, 2 the command line makes"
          + " no",
      "sense.",
      "",
      "  holdfast drain orders --endpoint 10.0.0.7:50051 --admin-token-file token"
    })
public final class DrainCommand implements Callable<Integer> {
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
    return EndpointMark.set(common, fleetOptions, endpoint, true);
  }
}
