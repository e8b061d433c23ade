package dev.holdfast.cli;

import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.run.StopRequest;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code register} command, which registers a program that was started elsewhere. */
@Command(
    name = "register",
    description = "Register a program that runs already, and stay to keep it registered.",
    footer = {
      "",
      "The program is registered when its port answers and its health service, if it has one, says",
      "SERVING. On SIGTERM, SIGINT or SIGHUP: draining, deregistered, --spread, exit code 0.",
      "With --static a record without a lease is written, without a check of the program, and"
          + " stays",
      "until holdfast deregister removes it."
    })
public final class RegisterCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Mixin private final InstanceOptions instance = new InstanceOptions();

  @Option(names = "--static", description = "Write a record without a lease and return at once.")
  private boolean isStatic;

  @Option(
      names = "--force",
      description = "With --static: replace the record of a running instance.")
  private boolean force;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("WARN");
    ServiceTarget target = registryOptions.service(instance.service());
    if (isStatic) {
      return writeStatic(target);
    }
    if (force) {
      throw UserError.usage("force: without --static (expected: both, or none)");
    }
    StopRequest stop = StopRequest.ofSignals();
    try (Registries.Handle handle = registryOptions.open(target.registry())) {
      return instance
          .keeper(handle.registry(), target, registryOptions.context(), common, Duration.ZERO, stop)
          .register();
    }
  }

  private int writeStatic(ServiceTarget target) {
    RegistryUri uri = registryOptions.withoutLease(target.registry());
    try (Registries.Handle handle = registryOptions.open(uri)) {
      WritableRegistryCheck.require(handle.registry(), uri);
      Endpoint endpoint =
          instance.endpoint(handle.registry(), registryOptions.context().environment());
      StaticRecords records = new StaticRecords(handle, target.service());
      if (!force) {
        StaticRecords.requireNoOwner(records.find(endpoint.address()));
      }
      // The announcement is not withdrawn: without a lease the record outlives this process.
      var unused = records.write(endpoint);
      if (common.json()) {
        JsonLine json = JsonLine.object().with("service", target.toString());
        common.commandContext().out().println(json.with("endpoint", EndpointText.json(endpoint)));
      } else {
        common
            .commandContext()
            .err()
            .println("holdfast: wrote " + target + " at " + endpoint.address());
      }
    }
    return ExitCode.OK;
  }
}
