package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * The {@code kubernetes manifest control} command, which prints the manifests of a control plane.
 */
@Command(
    name = "control",
    description =
        "Print control planes: account, least role, Deployment, Service, disruption budget.",
    footer = {
      "",
      "The image is one whose entry point is the holdfast program.",
      "Each pod is a control plane of its own; they need not know each other. Clients reach them"
          + " at",
      "NAME.NAMESPACE.svc:18000, which is what `holdfast control bootstrap --server` wants.",
      "With --tls-secret the Secret (of type kubernetes.io/tls) is mounted, and clients need TLS.",
      "",
      "  holdfast kubernetes manifest control --namespace mesh --services-namespace prod \\",
      "    --image registry.example/holdfast:0.1 | kubectl apply -f -"
    })
public final class ControlManifestCommand implements Callable<Integer> {
  private static final int PORT = 18_000;

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final ServingOptions serving = new ServingOptions();

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    new ServingPods(
            "control",
            new ServingPods.ContainerPort("grpc-xds", PORT),
            List.of("--snapshot-dir", ServingPods.SNAPSHOTS),
            ManifestText.certificate("--cert", "--key"),
            Optional.empty(),
            true)
        .manifest(serving)
        .print(common);
    return ExitCode.OK;
  }
}
