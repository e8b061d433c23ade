package dev.holdfast.cli.kubernetes;

/** The Helm expressions that a chart's templates have for the values of one program. */
final class ChartExpressions {
  /** The namespace of the release. */
  static final String NAMESPACE = "{{ .Release.Namespace }}";

  /** The namespace of the services. */
  static final String SERVICES_NAMESPACE =
      "{{ .Values.servicesNamespace | default .Release.Namespace }}";

  /** The image, by default of the chart's own version. */
  static final String IMAGE =
      "\"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"";

  private final ServingProgram program;
  private final String prefix;
  private final String app;

  ChartExpressions(ServingProgram program) {
    this.program = program;
    this.prefix = ".Values." + program.command() + ".";
    this.app = "{{ .Release.Name }}-" + program.command();
  }

  /** The reference to a value, for use within an expression. */
  String value(String path) {
    return prefix + path;
  }

  /** The value itself. */
  String inserted(String path) {
    return "{{ " + value(path) + " }}";
  }

  String app() {
    return app;
  }

  String account() {
    String own = "printf \"%s-" + program.command() + "\" .Release.Name";
    return "{{ " + value("serviceAccount") + " | default (" + own + ") }}";
  }

  String role() {
    return "{{ if .Values.servicesNamespace }}{{ .Release.Namespace }}-{{ end }}" + app;
  }

  /** The port for clients. */
  String port() {
    ServingProgram.ServingPorts ports = program.ports();
    return ports.tls() == ports.plain()
        ? String.valueOf(ports.plain())
        : "{{ if "
            + value("tlsSecret")
            + " }}"
            + ports.tls()
            + "{{ else }}"
            + ports.plain()
            + "{{ end }}";
  }
}
