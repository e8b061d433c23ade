package dev.holdfast.cli.kubernetes;

import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.fields;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.items;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.scalar;

import dev.holdfast.cli.kubernetes.manifest.Condition;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Fields;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Items;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Scalar;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Whole;
import dev.holdfast.gateway.admin.MetricsServer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The pods of a serving program: who they run as, what they may, and how they are probed. */
final class ServingPodSpec {
  /** The label by which the pods of one Deployment are known. */
  static final String LABEL = "app.kubernetes.io/name";

  /**
   * The user and group of the processes, who own nothing in the image. Numbers, because a kubelet
   * can't tell of a name whether it is root.
   */
  static final int USER = 65_532;

  /** The folder of the last lists. */
  static final String SNAPSHOTS = "/var/cache/holdfast";

  /** The resources of a container unless a user of the chart gives others. */
  static final Map<String, Object> RESOURCES =
      new TreeMap<>(
          Map.of(
              "requests", new TreeMap<>(Map.of("cpu", "250m", "memory", "256Mi")),
              "limits", new TreeMap<>(Map.of("cpu", "2", "memory", "512Mi"))));

  private static final String CONFIG_FOLDER = "/etc/holdfast/config";
  private static final String TLS_FOLDER = "/etc/holdfast/tls";
  private static final String METRICS = "metrics";
  private static final String ANY = "0.0.0.0:";

  // 0440: the pods' group may read keys, and nobody else.
  private static final int SECRET_MODE = 288;

  /**
   * The time after a pod's removal from its Service until the program is told to end. Until then
   * nodes may still send it new connections.
   */
  private static final int UNROUTED_SECONDS = 5;

  /** What a pod needs to end besides its drain: to be unrouted, to close, to be halted. */
  private static final int END_SECONDS = 30;

  private final ServingProgram program;
  private final ServingValues values;
  private final ChartExpressions chart;
  private final Condition tls;

  ServingPodSpec(ServingProgram program, ServingValues values) {
    this.program = program;
    this.values = values;
    this.chart = new ChartExpressions(program);
    this.tls = new Condition(values.tlsSecret().isPresent(), chart.value("tlsSecret"));
  }

  /** The labels of all objects, which every pod has too. */
  Fields labels() {
    return fields()
        .with(LABEL, app())
        .with("app.kubernetes.io/component", program.command())
        .with("app.kubernetes.io/part-of", "holdfast");
  }

  /** The port for clients. */
  Scalar port() {
    return scalar(portNumber(), chart.port());
  }

  private int portNumber() {
    return values.tlsSecret().isPresent() ? program.ports().tls() : program.ports().plain();
  }

  /** The template of the Deployment's pods. */
  Fields template() {
    Fields annotations =
        fields()
            .with("prometheus.io/scrape", "true")
            .with("prometheus.io/port", String.valueOf(MetricsServer.PORT))
            .with("prometheus.io/path", "/metrics")
            .withFieldsOf(chart.value("podAnnotations"));
    return fields()
        .with("metadata", fields().with("labels", labels()).with("annotations", annotations))
        .with("spec", spec());
  }

  private Fields spec() {
    String grace = "{{ add " + chart.value("drainSeconds") + " " + END_SECONDS + " }}";
    Fields spec =
        fields()
            .with("serviceAccountName", scalar(values.account(), chart.account()))
            .with("automountServiceAccountToken", true)
            // The variables of a Service called holdfast-... would look like settings.
            .with("enableServiceLinks", false)
            .with(
                "terminationGracePeriodSeconds", scalar(values.drainSeconds() + END_SECONDS, grace))
            .with("securityContext", podSecurity())
            .with(
                "topologySpreadConstraints",
                items()
                    .with(spreadOver("topology.kubernetes.io/zone"))
                    .with(spreadOver("kubernetes.io/hostname")));
    for (String given : List.of("nodeSelector", "tolerations", "affinity")) {
      givenByUsersOfTheChart(spec, given, chart.value(given));
    }
    givenByUsersOfTheChart(spec, "imagePullSecrets", ".Values.imagePullSecrets");
    return spec.with("containers", items().with(container())).with("volumes", volumes());
  }

  private static void givenByUsersOfTheChart(Fields spec, String key, String expression) {
    spec.with(key, new Whole(Map.of(), expression), new Condition(false, expression));
  }

  private static Fields podSecurity() {
    return fields()
        .with("runAsNonRoot", true)
        .with("runAsUser", USER)
        .with("runAsGroup", USER)
        .with("fsGroup", USER)
        .with("seccompProfile", fields().with("type", "RuntimeDefault"));
  }

  private Fields spreadOver(String topology) {
    return fields()
        .with("maxSkew", 1)
        .with("topologyKey", topology)
        .with("whenUnsatisfiable", "ScheduleAnyway")
        .with("labelSelector", fields().with("matchLabels", fields().with(LABEL, app())));
  }

  private Fields container() {
    Fields ports = fields().with("name", program.ports().name()).with("containerPort", port());
    Fields metrics = fields().with("name", METRICS).with("containerPort", MetricsServer.PORT);
    Fields variable = fields().with("name", "HOLDFAST_SNAPSHOT_DIR").with("value", SNAPSHOTS);
    Fields sleep = fields().with("seconds", UNROUTED_SECONDS);
    return fields()
        .with("name", program.command())
        .with("image", scalar(values.image(), ChartExpressions.IMAGE))
        .with("imagePullPolicy", scalar("IfNotPresent", "{{ .Values.image.pullPolicy }}"))
        .with("args", arguments())
        .with("env", items().with(variable).withItemsOf(chart.value("env")))
        .with("ports", items().with(ports).with(metrics))
        // A minute to start, of which the slowest machine needs a part.
        .with("startupProbe", probe("/livez", 1, 60))
        .with("readinessProbe", probe("/readyz", 2, 2))
        .with("livenessProbe", probe("/livez", 10, 3))
        .with("lifecycle", fields().with("preStop", fields().with("sleep", sleep)))
        .with("resources", new Whole(RESOURCES, chart.value("resources")))
        .with("securityContext", containerSecurity())
        .with("volumeMounts", mounts());
  }

  private static Fields containerSecurity() {
    return fields()
        .with("allowPrivilegeEscalation", false)
        .with("readOnlyRootFilesystem", true)
        .with("capabilities", fields().with("drop", List.of("ALL")));
  }

  private static Fields probe(String path, int periodSeconds, int failures) {
    return fields()
        .with("httpGet", fields().with("path", path).with("port", METRICS))
        .with("periodSeconds", periodSeconds)
        .with("timeoutSeconds", 2)
        .with("failureThreshold", failures);
  }

  private Items arguments() {
    String registry = "kubernetes:///";
    List<String> certificate = program.certificateOptions();
    return items()
        .with(program.command())
        .with("--registry")
        .with(
            scalar(
                registry + values.servicesNamespace(),
                "\"" + registry + "{{ .Values.servicesNamespace }}\""))
        .with("--listen")
        .with(scalar(ANY + portNumber(), "\"" + ANY + chart.port() + "\""))
        .with("--metrics")
        .with(ANY + MetricsServer.PORT)
        .with("--drain")
        .with(scalar(values.drainSeconds() + "s", "\"" + chart.inserted("drainSeconds") + "s\""))
        .with(program.configFile().option())
        .with(CONFIG_FOLDER + "/" + program.configFile().name())
        .with(certificate.get(0), tls)
        .with(TLS_FOLDER + "/tls.crt", tls)
        .with(certificate.get(1), tls)
        .with(TLS_FOLDER + "/tls.key", tls)
        .withItemsOf(chart.value("extraArgs"));
  }

  private Items mounts() {
    return items()
        .with(mount("temporary", "/tmp"))
        .with(mount("snapshots", SNAPSHOTS))
        .with(mount("config", CONFIG_FOLDER).with("readOnly", true))
        .with(mount("tls", TLS_FOLDER).with("readOnly", true), tls);
  }

  private Items volumes() {
    Fields secret =
        fields()
            .with("secretName", scalar(values.tlsSecret().orElse(""), chart.inserted("tlsSecret")))
            .with("defaultMode", SECRET_MODE);
    return items()
        .with(scratch("temporary"))
        .with(scratch("snapshots"))
        .with(fields().with("name", "config").with("configMap", fields().with("name", app())))
        .with(fields().with("name", "tls").with("secret", secret), tls);
  }

  /** A mount of a volume; the place for writing that a read-only root needs. */
  private static Fields mount(String volume, String folder) {
    return fields().with("name", volume).with("mountPath", folder);
  }

  private static Fields scratch(String name) {
    return fields().with("name", name).with("emptyDir", fields().with("sizeLimit", "64Mi"));
  }

  private Scalar app() {
    return scalar(values.app(), chart.app());
  }
}
