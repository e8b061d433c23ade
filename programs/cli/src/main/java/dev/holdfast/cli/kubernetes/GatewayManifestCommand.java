package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code kubernetes manifest gateway} command, which prints the manifests of a gateway. */
@Command(
    name = "gateway",
    description =
        "Print gateways: account, least role, ConfigMap, Deployment, Service, disruption budget.",
    footer = {
      "",
      "The image is one whose entry point is the holdfast program, such as that of scripts/image.",
      "Each pod is a gateway of its own, to all services of the namespace. Clients reach them at",
      "NAME.NAMESPACE.svc:8080; with --tls-secret the Secret (of type kubernetes.io/tls) is"
          + " mounted, and",
      "clients need TLS, at port 8443. Probes and Prometheus ask port 18003. A pod that ends has as"
          + " long",
      "as its calls may go on. Needs Kubernetes 1.30 or later.",
      "",
      "  holdfast kubernetes manifest gateway --namespace edge --services-namespace prod \\",
      "    --image registry.example/holdfast:0.1 | kubectl apply -f -"
    })
public final class GatewayManifestCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final ServingOptions serving = new ServingOptions();

  @Option(
      names = "--gateway-config",
      paramLabel = "FILE",
      description =
          "The gateway.yaml of the ConfigMap; `holdfast gateway check` checks it. Default: one"
              + " without routes.")
  private @Nullable Path config;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    serving.manifest(ServingProgram.GATEWAY, config).print(common);
    return ExitCode.OK;
  }
}
