package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code kubernetes manifest control} command, which prints the manifests of a control plane.
 */
@Command(
    name = "control",
    description =
        "Print control planes: account, least role, ConfigMap, Deployment, Service, disruption"
            + " budget.",
    footer = {
      "",
      "The image is one whose entry point is the holdfast program, such as that of scripts/image.",
      "Each pod is a control plane of its own; they need not know each other. Clients reach them"
          + " at",
      "NAME.NAMESPACE.svc:18000, which is what `holdfast control bootstrap --server` wants.",
      "With --tls-secret the Secret (of type kubernetes.io/tls) is mounted, and clients need TLS.",
      "Probes and Prometheus ask port 18003. Needs Kubernetes 1.30 or later.",
      "",
      "  holdfast kubernetes manifest control --namespace mesh --services-namespace prod \\",
      "    --image registry.example/holdfast:0.1 | kubectl apply -f -"
    })
public final class ControlManifestCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final ServingOptions serving = new ServingOptions();

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "The policy.yaml of the ConfigMap. Default: one without services.")
  private @Nullable Path policy;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    serving.manifest(ServingProgram.CONTROL, policy).print(common);
    return ExitCode.OK;
  }
}
