package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code kubernetes manifest gateway} command, which prints the manifests of a gateway. */
@Command(
    name = "gateway",
    description = "Print gateways: account, least role, Deployment, Service, disruption budget.",
    footer = {
      "",
      "The image is one whose entry point is the holdfast program.",
      "Each pod is a gateway of its own, to all services of the namespace. Clients reach them at",
      "NAME.NAMESPACE.svc:8080; with --tls-secret the Secret (of type kubernetes.io/tls) is"
          + " mounted, and",
      "clients need TLS, at port 8443. A pod that ends has as long as its calls may go on.",
      "",
      "  holdfast kubernetes manifest gateway --namespace edge --services-namespace prod \\",
      "    --image registry.example/holdfast:0.1 | kubectl apply -f -"
    })
public final class GatewayManifestCommand implements Callable<Integer> {
  private static final int PLAIN_PORT = 8_080;
  private static final int TLS_PORT = 8_443;

  // Streams may go on for five minutes by default, and somewhat later the process has ended.
  private static final int GRACE_SECONDS = 330;

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final ServingOptions serving = new ServingOptions();

  /**
   * Prints manifests whose port names no protocol, because JSON over HTTP/1.1 is served on the same
   * port.
   */
  @Override
  public Integer call() {
    common.startLogging("ERROR");
    new ServingPods(
            "gateway",
            new ServingPods.ContainerPort(
                "grpc", serving.tlsSecret().isPresent() ? TLS_PORT : PLAIN_PORT),
            List.of(),
            ManifestText.certificate("--tls-cert", "--tls-key"),
            Optional.of(GRACE_SECONDS),
            false)
        .manifest(serving)
        .print(common);
    return ExitCode.OK;
  }
}
