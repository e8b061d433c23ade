package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints what control planes need to run in a cluster. */
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

  @Mixin private final DeploymentOptions deployment = new DeploymentOptions();

  @Option(
      names = "--services-namespace",
      paramLabel = "NAMESPACE",
      description = "The namespace whose services they serve; by default the same.")
  private @Nullable String servicesNamespace;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the Deployment and the Service are called (holdfast-control).")
  private String name = "holdfast-control";

  @Option(
      names = "--tls-secret",
      paramLabel = "NAME",
      description = "The Secret with tls.crt and tls.key; plaintext without.")
  private @Nullable String tlsSecret;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    String app = ManifestText.label("name", name);
    String home = deployment.namespace();
    String who = deployment.account(app);
    String services = servicesNamespace == null ? home : servicesNamespace;
    KubernetesRole role = KubernetesRole.of(services);
    new ManifestText()
        .with(
            ManifestText.serviceAccount(who, home),
            role.yaml(),
            role.bindingYaml(who, home),
            deployment(app, home, who, services),
            service(app, home, tlsSecret != null),
            ManifestText.budget(app, home))
        .print(common);
    return ExitCode.OK;
  }

  private String deployment(String app, String home, String who, String services) {
    String secret = tlsSecret == null ? "" : ManifestText.label("tls-secret", tlsSecret);
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
    %5$s      volumes:
            - name: snapshots
              emptyDir: {}
    %6$s\
    """
        .formatted(
            app,
            home,
            deployment.replicas(),
            who,
            container(services, !secret.isEmpty()),
            secret.isEmpty() ? "" : ManifestText.tlsVolume(secret));
  }

  private String container(String services, boolean tls) {
    return """
            - name: control
              image: %1$s
              args:
                - control
                - --registry
                - kubernetes:///%2$s
                - --listen
                - 0.0.0.0:%3$d
                - --snapshot-dir
                - /var/cache/holdfast
    %4$s          ports:
                - name: grpc-xds
                  containerPort: %3$d
              readinessProbe:
                tcpSocket:
                  port: grpc-xds
                periodSeconds: 2
              resources:
                requests:
                  cpu: 100m
                  memory: 256Mi
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - name: snapshots
                  mountPath: /var/cache/holdfast
    %5$s\
    """
        .formatted(
            deployment.image(),
            services,
            PORT,
            tls ? tlsArguments() : "",
            tls ? ManifestText.tlsMount() : "");
  }

  private static String tlsArguments() {
    return """
                - --cert
                - %1$s/tls.crt
                - --key
                - %1$s/tls.key
    """
        .formatted(ManifestText.TLS_FOLDER);
  }

  /** With TLS nothing is said of the protocol: h2c is HTTP/2 in the clear, and nothing else. */
  private static String service(String app, String home, boolean tls) {
    return """
    apiVersion: v1
    kind: Service
    metadata:
      name: %1$s
      namespace: %2$s
      labels:
        app.kubernetes.io/name: %1$s
    spec:
      selector:
        app.kubernetes.io/name: %1$s
      ports:
        - name: grpc-xds
          port: %3$d
          targetPort: grpc-xds
    %4$s\
    """
        .formatted(app, home, PORT, tls ? "" : "      appProtocol: kubernetes.io/h2c\n");
  }
}
