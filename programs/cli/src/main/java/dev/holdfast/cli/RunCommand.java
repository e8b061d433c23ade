package dev.holdfast.cli;

import dev.holdfast.cli.run.StopRequest;
import dev.holdfast.cli.settings.SettingDurations;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code run} command, which runs a program in any language as an instance of a service. */
@Command(
    name = "run",
    description = "Run a program and keep it registered as an instance of a service.",
    footer = {
      "",
      "It is registered when its port answers and its health service, if it has one, says SERVING.",
      "On SIGTERM or SIGINT: draining, deregistered, --spread, the signal passed on,"
          + " --stop-timeout,",
      "killed. A second signal ends the waiting. SIGHUP and SIGUSR2 are passed on as they are.",
      "Ends with the code of the program; 127 when it was not found, 126 when it can't be"
          + " executed.",
      "",
      "  holdfast run --service orders --port 50051 -- ./server --flag"
    })
public final class RunCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Mixin private final InstanceOptions instance = new InstanceOptions();

  @Option(
      names = "--stop-timeout",
      paramLabel = "DURATION",
      converter = StopTimeoutConverter.class,
      description =
          "How long the program may take to stop before it is killed; default 30s"
              + " (HOLDFAST_STOP_TIMEOUT).")
  private Duration stopTimeout = SettingDurations.STOP_TIMEOUT.defaultValue();

  @Parameters(
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "The program and its arguments.")
  private List<String> command = List.of();

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("WARN");
    // Before anything else: a signal from now on is one for the child that is about to be.
    StopRequest stop = StopRequest.ofSignals();
    ServiceTarget target = registryOptions.service(instance.service());
    try (Registries.Handle handle = registryOptions.open(target.registry())) {
      return instance
          .keeper(handle.registry(), target, registryOptions.context(), common, stopTimeout, stop)
          .run(command);
    }
  }

  static final class StopTimeoutConverter extends DurationOptionConverter {
    StopTimeoutConverter() {
      super(SettingDurations.STOP_TIMEOUT);
    }
  }
}
