package dev.holdfast.cli;

import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code deregister} command, which removes the record of one instance from the registry. */
@Command(
    name = "deregister",
    description = "Remove the record of an instance; exit with 1 when there is none.",
    footer = {
      "",
      "The record of a running instance is refused: stop the instance, it deregisters itself. With",
      "--force it is removed all the same, and an owner that still runs puts it back."
    })
public final class DeregisterCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Option(
      names = "--service",
      required = true,
      paramLabel = "NAME",
      description = "The service, inside the namespace of the registry.")
  private String service = "";

  @Option(names = "--force", description = "Also the record of a running instance.")
  private boolean force;

  @Parameters(paramLabel = "HOST:PORT", description = "The address that is registered.")
  private String address = "";

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    ServiceTarget target = registryOptions.service(service);
    HostPort where = HostPort.parse(address);
    RegistryUri uri = registryOptions.withoutLease(target.registry());
    try (Registries.Handle handle = registryOptions.open(uri)) {
      WritableRegistryCheck.require(handle.registry(), uri);
      StaticRecords records = new StaticRecords(handle, target.service());
      Endpoint record =
          records
              .find(where)
              .orElseThrow(
                  () ->
                      UserError.failed(
                          target
                              + ": no record at "
                              + where
                              + " (see: holdfast resolve"
                              + " --all "
                              + service
                              + ")"));
      if (!force) {
        StaticRecords.requireNoOwner(java.util.Optional.of(record));
      }
      records.delete(record);
      if (common.json()) {
        JsonLine json = JsonLine.object().with("service", target.toString());
        common.commandContext().out().println(json.with("removed", EndpointText.json(record)));
      } else {
        common.commandContext().err().println("holdfast: removed " + target + " at " + where);
      }
    }
    return ExitCode.OK;
  }
}
