package dev.holdfast.cli.demo;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.demo.calls.Demo;
import dev.holdfast.cli.demo.calls.DemoOptions;
import dev.holdfast.cli.demo.registry.DemoRegistry;
import dev.holdfast.cli.demo.registry.RegistryChoice;
import dev.holdfast.cli.demo.report.DemoDisplay;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code demo} command, which plays a service, a client and their faults in half a minute. */
@Command(
    name = "demo",
    subcommands = StreamsDemoCommand.class,
    description = {
      "Shows calls that follow their service: three instances as processes, a client that makes"
          + " 200 calls/s, a gateway with 100 more, and a story of six steps: scale up, drain,"
          + " kill -9, the registry away for 10 s, rolling restart, the gateway's file edited. A"
          + " stock grpc-java client runs beside it.",
      "Its last line is RESULT name=value ..; it exits 0 when no call failed and all six steps"
          + " came to what they should, the new instances getting calls within 30 s;"
          + " 1 otherwise."
    })
public final class DemoCommand implements Callable<Integer> {
  // Not under CommonOptions.MIXIN: HOLDFAST_REGISTRY must not point the demo at a real registry.
  @Mixin private CommonOptions options = new CommonOptions();

  @Mixin private final ScrapeTargetOptions scraped = new ScrapeTargetOptions();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "30",
      description = "For how long traffic runs, at least; 20 or more, ${DEFAULT-VALUE} by default.")
  private int seconds;

  @Option(
      names = "--registry",
      paramLabel = "URI",
      defaultValue = "file",
      description =
          "file: a directory of its own (the default). etcd:start: an etcd of its own, which is"
              + " stopped for 10 s and wiped once. etcd://HOST:PORT/NAMESPACE: one that runs; the"
              + " demo cuts its own way to it. file:///DIRECTORY: a new directory in that one.")
  private String registry = "file";

  @Option(
      names = "--instances",
      paramLabel = "N",
      defaultValue = "3",
      description = "Instances at the start; 2 to 10, ${DEFAULT-VALUE} by default.")
  private int instances;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "200",
      description = "Calls per second of each client; 1 to 2000, ${DEFAULT-VALUE} by default.")
  private int rate;

  @Override
  public Integer call() throws IOException {
    options.startLogging("ERROR");
    DemoOptions demo =
        DemoRun.validated(() -> new DemoOptions(Duration.ofSeconds(seconds), instances, rate));
    RegistryChoice choice = RegistryChoice.parse(registry);
    DemoDisplay display = DemoDisplay.of(options);
    return DemoRun.of(
        resources -> {
          DemoRegistry stage = resources.own(choice.open(resources.runDirectory()));
          return new Demo(demo, display, stage, resources).run();
        },
        display,
        scraped.scrapeTargets());
  }
}
