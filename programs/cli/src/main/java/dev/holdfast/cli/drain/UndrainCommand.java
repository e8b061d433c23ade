package dev.holdfast.cli.drain;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.fleet.FleetOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code undrain} command, which takes the mark of {@code drain} back. */
@Command(
    name = "undrain",
    description = {
      "Take back what `drain` has marked: clients send new calls to the endpoint again."
    },
    footer = {
      "",
      "Its process must have an admin service with a token or client certificates, and is asked",
      "through it.",
      "Exit codes: 0 taken back, 1 no such endpoint or its process refuses, 2 the command line"
          + " makes no",
      "sense.",
      "",
      "  holdfast undrain orders --endpoint 10.0.0.7:50051 --admin-token-file token"
    })
public final class UndrainCommand implements Callable<Integer> {
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
    return EndpointMark.set(common, fleetOptions, endpoint, false);
  }
}
