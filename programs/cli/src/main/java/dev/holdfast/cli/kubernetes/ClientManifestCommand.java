package dev.holdfast.cli.kubernetes;

import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.fields;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.items;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Fields;
import dev.holdfast.cli.kubernetes.manifest.ManifestYaml;
import dev.holdfast.core.ServiceName;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.List;
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
  private static final String VOLUME = "holdfast";
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
            ManifestYaml.plain(deployment(app)))
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

  private Fields deployment(String app) {
    Fields labels = fields().with(ServingPodSpec.LABEL, app);
    return fields()
        .with("apiVersion", "apps/v1")
        .with("kind", "Deployment")
        .with(
            "metadata",
            fields()
                .with("name", app)
                .with("namespace", deployment.namespace())
                .with("labels", labels))
        .with(
            "spec",
            fields()
                .with("replicas", deployment.replicas())
                .with("selector", fields().with("matchLabels", labels))
                .with(
                    "template",
                    fields()
                        .with("metadata", fields().with("labels", labels))
                        .with("spec", pod(app))));
  }

  /** Its last lists are in a folder that outlives a container. The user is the image's own. */
  private Fields pod(String app) {
    Fields told =
        fields()
            .with("name", ManifestText.variable("target-variable", variable))
            .with("value", target);
    Fields folder =
        fields().with("name", "HOLDFAST_SNAPSHOT_DIR").with("value", ServingPodSpec.SNAPSHOTS);
    Fields mount = fields().with("name", VOLUME).with("mountPath", ServingPodSpec.SNAPSHOTS);
    Fields container =
        fields()
            .with("name", app)
            .with("image", deployment.image())
            .with("env", items().with(told).with(folder))
            .with(
                "securityContext",
                fields()
                    .with("allowPrivilegeEscalation", false)
                    .with("capabilities", fields().with("drop", List.of("ALL"))))
            .with("volumeMounts", items().with(mount));
    return fields()
        .with("serviceAccountName", deployment.account(app))
        .with(
            "securityContext",
            fields()
                .with("runAsNonRoot", true)
                .with("seccompProfile", fields().with("type", "RuntimeDefault")))
        .with("containers", items().with(container))
        .with("volumes", items().with(fields().with("name", VOLUME).with("emptyDir", fields())));
  }
}
