package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.ServiceName;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--namespace",
      required = true,
      paramLabel = "NAMESPACE",
      description = "Where the client runs.")
  private String namespace = "";

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "What the Deployment is called.")
  private String name = "";

  @Option(
      names = "--image",
      required = true,
      paramLabel = "IMAGE",
      description = "The image of the client.")
  private String image = "";

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

  @Option(
      names = "--service-account",
      paramLabel = "NAME",
      description = "Its account; by default called as the Deployment.")
  private @Nullable String account;

  @Option(names = "--replicas", paramLabel = "COUNT", description = "How many pods (2).")
  private int replicas = 2;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    String app = ManifestText.label("name", name);
    String home = ManifestText.label("namespace", namespace);
    String who = ManifestText.label("service-account", account == null ? app : account);
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
            ManifestText.replicas(replicas),
            who,
            ManifestText.image(image),
            ManifestText.variable("target-variable", variable),
            target);
  }
}
