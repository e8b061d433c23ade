package dev.holdfast.cli.gateway;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.GlobalOptions;
import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.schema.DescriptorSetReader;
import dev.holdfast.yaml.YamlException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The {@code gateway check} command, which reports every problem of a gateway's file. */
@Command(
    name = "check",
    description = {
      "Say every mistake in a gateway's file, each with its line and what was expected."
    },
    footer = {
      "",
      "Nothing is connected to. Exit codes: 0 a gateway would take it and serve all of it, 1 it",
      "would not, or some bindings of its descriptor sets could not be served, 2 there is no such",
      "file.",
      "",
      "  holdfast gateway check gateway.yaml"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the fields
public final class GatewayCheckCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final GlobalOptions common = new GlobalOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Parameters(paramLabel = "FILE", description = "The file of a gateway.")
  private Path path;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    GatewayFile file = new GatewayFile(path, registryOptions, "");
    try {
      GatewayConfig config = file.parsed(file.text());
      List<String> rejected = rejected(config);
      print(config, rejected);
      return rejected.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    } catch (YamlException e) {
      print(GatewayConfig.EMPTY, e.problems());
      return ExitCode.FAILED;
    }
  }

  /** Bindings that a gateway would warn of and leave out. */
  private List<String> rejected(GatewayConfig config) {
    List<String> rejected = new ArrayList<>();
    new TreeMap<>(config.frontends().descriptorSets())
        .forEach(
            (cluster, files) ->
                DescriptorSetReader.rejected(files)
                    .forEach(
                        each ->
                            rejected.add(
                                "%s: clusters.%s.descriptor-sets: %s"
                                    .formatted(path, cluster, each))));
    return rejected;
  }

  private void print(GatewayConfig config, List<String> problems) {
    PrintWriter out = common.commandContext().out();
    List<String> warnings =
        problems.isEmpty() && config.hasNoUpstreams()
            ? List.of(GatewayFile.NO_CLUSTERS)
            : List.of();
    if (common.json()) {
      out.println(
          JsonLine.object()
              .with("ok", problems.isEmpty())
              .with("problems", problems)
              .with("warnings", warnings));
    } else if (problems.isEmpty()) {
      out.println(
          path
              + ": ok, routes="
              + config.routes().size()
              + " clusters="
              + config.clusters().size());
      warnings.forEach(each -> out.println(path + ": warning: " + each));
    } else {
      problems.forEach(out::println);
    }
  }
}
