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

/** Prints what a client of one service needs to run in a cluster. */
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
            deployment(app, home, who))
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

  private String deployment(String app, String home, String who) {
    return """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: %1$s
      namespace: %2$s
      labels:
        app.kubernetes.io/name: %1$s
    spec:
      replicas: %3$d
      selector:
        matchLabels:
          app.kubernetes.io/name: %1$s
      template:
        metadata:
          labels:
            app.kubernetes.io/name: %1$s
        spec:
          serviceAccountName: %4$s
          securityContext:
            runAsNonRoot: true
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: %1$s
              image: %5$s
              env:
                - name: %6$s
                  value: "%7$s"
                # The last list that was seen: a container that restarts needs no API server.
                - name: HOLDFAST_SNAPSHOT_DIR
                  value: /var/cache/holdfast
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - name: holdfast
                  mountPath: /var/cache/holdfast
          volumes:
            - name: holdfast
              emptyDir: {}
    """
        .formatted(
            app,
            home,
            deployment.replicas(),
            who,
            deployment.image(),
            ManifestText.variable("target-variable", variable),
            target);
  }
}
