package dev.holdfast.cli.kubernetes;

import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The pods of a Holdfast program that serves the services of a namespace.
 *
 * @param program the command that the pods run
 * @param port the name and number of the port
 * @param arguments of the command, besides the registry and the address
 * @param certificate the options that name a certificate and its key; both only with TLS
 * @param endsWithinSeconds the longest time in which a pod ends; empty for the cluster's default
 * @param onlyHttp2 whether the port speaks HTTP/2 only
 */
record ServingPods(
    String program,
    ContainerPort port,
    List<String> arguments,
    List<String> certificate,
    Optional<Integer> endsWithinSeconds,
    boolean onlyHttp2) {

  /** The name and the number of a container port. */
  record ContainerPort(String name, int number) {}

  /** The folder that it may write to, by the option that wants it. */
  static final String SNAPSHOTS = "/var/cache/holdfast";

  /** The manifests of all objects that the pods need in a cluster. */
  ManifestText manifest(ServingOptions options) {
    String app = options.name(program);
    String home = options.deployment().namespace();
    String who = options.deployment().account(app);
    KubernetesRole role = KubernetesRole.of(options.servicesNamespace());
    return new ManifestText()
        .with(
            ManifestText.serviceAccount(who, home),
            role.yaml(),
            role.bindingYaml(who, home),
            deployment(app, options),
            service(app, home, options.tlsSecret().isPresent()),
            ManifestText.budget(app, home));
  }

  private String deployment(String app, ServingOptions options) {
    String grace =
        endsWithinSeconds
            .map(seconds -> "      terminationGracePeriodSeconds: " + seconds + "\n")
            .orElse("");
    String volumes =
        (arguments.contains(SNAPSHOTS) ? ManifestText.emptyVolume("snapshots") : "")
            + options.tlsSecret().map(ManifestText::tlsVolume).orElse("");
    return options
        .deployment()
        .yaml(app, grace, container(options) + ManifestText.section("      volumes:\n", volumes));
  }

  private String container(ServingOptions options) {
    boolean tls = options.tlsSecret().isPresent();
    String mounts =
        (arguments.contains(SNAPSHOTS) ? ManifestText.mount("snapshots", SNAPSHOTS) : "")
            + (tls ? ManifestText.tlsMount() : "");
    return """
            - name: %1$s
              image: %2$s
              args:
    %3$s          ports:
                - name: %4$s
                  containerPort: %5$d
              readinessProbe:
                tcpSocket:
                  port: %4$s
                periodSeconds: 2
              resources:
                requests:
                  cpu: 100m
                  memory: 256Mi
    %6$s%7$s\
    """
        .formatted(
            program,
            options.deployment().image(),
            arguments(options.servicesNamespace(), tls),
            port.name(),
            port.number(),
            ManifestText.UNPRIVILEGED,
            ManifestText.section("          volumeMounts:\n", mounts));
  }

  private String arguments(String services, boolean tls) {
    List<String> all =
        new ArrayList<>(
            List.of(
                program,
                "--registry",
                "kubernetes:///" + services,
                "--listen",
                "0.0.0.0:" + port.number()));
    all.addAll(arguments);
    if (tls) {
      all.addAll(certificate);
    }
    StringBuilder lines = new StringBuilder();
    all.forEach(each -> lines.append("            - ").append(each).append('\n'));
    return lines.toString();
  }

  /** With TLS nothing is said of the protocol: h2c is HTTP/2 in the clear, and nothing else. */
  private String service(String app, String home, boolean tls) {
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
        - name: %3$s
          port: %4$d
          targetPort: %3$s
    %5$s\
    """
        .formatted(
            app,
            home,
            port.name(),
            port.number(),
            onlyHttp2 && !tls ? "      appProtocol: kubernetes.io/h2c\n" : "");
  }
}
