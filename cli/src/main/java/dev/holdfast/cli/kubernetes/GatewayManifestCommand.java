package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints what gateways need to run in a cluster. */
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

  @Mixin private final DeploymentOptions deployment = new DeploymentOptions();

  @Option(
      names = "--services-namespace",
      paramLabel = "NAMESPACE",
      description = "The namespace whose services they serve; by default the same.")
  private @Nullable String servicesNamespace;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the Deployment and the Service are called (holdfast-gateway).")
  private String name = "holdfast-gateway";

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
            service(app, home),
            ManifestText.budget(app, home))
        .print(common);
    return ExitCode.OK;
  }

  private int port() {
    return tlsSecret == null ? PLAIN_PORT : TLS_PORT;
  }

  private String deployment(String app, String home, String who, String services) {
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
          terminationGracePeriodSeconds: %5$d
          securityContext:
            runAsNonRoot: true
            seccompProfile:
              type: RuntimeDefault
          containers:
    %6$s%7$s\
    """
        .formatted(
            app,
            home,
            deployment.replicas(),
            who,
            GRACE_SECONDS,
            container(services),
            tlsSecret == null
                ? ""
                : "      volumes:\n"
                    + ManifestText.tlsVolume(ManifestText.label("tls-secret", tlsSecret)));
  }

  private String container(String services) {
    return """
            - name: gateway
              image: %1$s
              args:
                - gateway
                - --registry
                - kubernetes:///%2$s
                - --listen
                - 0.0.0.0:%3$d
    %4$s          ports:
                - name: grpc
                  containerPort: %3$d
              readinessProbe:
                tcpSocket:
                  port: grpc
                periodSeconds: 2
              resources:
                requests:
                  cpu: 100m
                  memory: 256Mi
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: ["ALL"]
    %5$s\
    """
        .formatted(
            deployment.image(),
            services,
            port(),
            tlsSecret == null ? "" : tlsArguments(),
            tlsSecret == null ? "" : "          volumeMounts:\n" + ManifestText.tlsMount());
  }

  private static String tlsArguments() {
    return """
                - --tls-cert
                - %1$s/tls.crt
                - --tls-key
                - %1$s/tls.key
    """
        .formatted(ManifestText.TLS_FOLDER);
  }

  /** Nothing is said of the protocol: JSON over HTTP/1.1 is served on the same port. */
  private String service(String app, String home) {
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
        - name: grpc
          port: %3$d
          targetPort: grpc
    """
        .formatted(app, home, port());
  }
}
