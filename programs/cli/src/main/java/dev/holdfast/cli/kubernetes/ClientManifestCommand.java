package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.ServiceName;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code kubernetes manifest client} command, which prints the manifests that a client of one
 * service needs.
 */
@Command(
    name = "client",
    description = "Print a client: its account, the least role, and a Deployment with its target.",
    footer = {
      "",
      "The role stands in the namespace of the service, the rest in that of the client. The target",
      "is in an environment variable that the program hands to forTarget.",
      "",
      "  holdfast kubernetes manifest client --namespace web --name shop --image shop:1.0 \\",
      "    --target kubernetes:///orders.prod:grpc | kubectl apply -f -"
    })
public final class ClientManifestCommand implements Callable<Integer> {
  private static final String SCHEME = "kubernetes:///";

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final DeploymentOptions deployment = new DeploymentOptions();

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "What the Deployment is called.")
  private String name = "";

  @Option(
      names = "--target",
      required = true,
      paramLabel = "TARGET",
      description = "What it calls, such as kubernetes:///orders.prod:grpc.")
  private String target = "";

  @Option(
      names = "--target-variable",
      paramLabel = "NAME",
      description = "The variable that tells the program its target (GRPC_TARGET).")
  private String variable = "GRPC_TARGET";

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    String app = ManifestText.label("name", name);
    String home = deployment.namespace();
    String who = deployment.account(app);
    KubernetesRole role = role(home);
    new ManifestText()
        .with(
            ManifestText.serviceAccount(who, home),
            role.yaml(),
            role.bindingYaml(who, home),
            deployment(app))
        .print(common);
    return ExitCode.OK;
  }

  private KubernetesRole role(String home) {
    if (!target.startsWith(SCHEME)) {
      throw UserError.usage(
          "target: \"" + target + "\" (expected: such as kubernetes:///orders.prod:grpc)");
    }
    return KubernetesRole.forService(ServiceName.parse(target.substring(SCHEME.length())), home);
  }

  private String deployment(String app) {
    String container =
        """
                - name: %1$s
                  image: %2$s
                  env:
                    - name: %3$s
                      value: "%4$s"
                    # The last list that was seen: a container that restarts needs no API server.
                    - name: HOLDFAST_SNAPSHOT_DIR
                      value: %5$s
        """
            .formatted(
                app,
                deployment.image(),
                ManifestText.variable("target-variable", variable),
                target,
                ServingPods.SNAPSHOTS);
    return deployment.yaml(
        app,
        "",
        container
            + ManifestText.UNPRIVILEGED
            + ManifestText.section(
                "          volumeMounts:\n", ManifestText.mount("holdfast", ServingPods.SNAPSHOTS))
            + ManifestText.section("      volumes:\n", ManifestText.emptyVolume("holdfast")));
  }
}
