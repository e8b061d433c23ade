package dev.holdfast.cli.kubernetes;

import dev.holdfast.control.ControlOptions;
import dev.holdfast.gateway.DrainTimes;
import java.time.Duration;
import java.util.List;

/** A program of Holdfast that serves from pods, with what its manifests have of its own. */
enum ServingProgram {
  /** The gateway. Its port names no protocol, because JSON over HTTP/1.1 is served there too. */
  GATEWAY(
      new ServingPorts("grpc", 8_080, 8_443, false),
      new ConfigFile(
          "gateway.yaml",
          "--config",
          """
          # Clusters, routes and limits. Each service of the registry is a cluster without an entry here.
          # The gateway follows this file as it changes.
          routes: []
          """),
      List.of("--tls-cert", "--tls-key"),
      DrainTimes.STREAMS,
      Duration.ofHours(24)),

  /** The control plane, whose clients speak HTTP/2 only. */
  CONTROL(
      new ServingPorts("grpc-xds", ControlOptions.PORT, ControlOptions.PORT, true),
      new ConfigFile(
          "policy.yaml",
          "--policy",
          """
          # Routes, splits, retries and load balancing, by service.
          # The control plane follows this file as it changes.
          services: {}
          """),
      List.of("--cert", "--key"),
      ControlOptions.DRAIN.defaultValue(),
      ControlOptions.DRAIN.max());

  private final ServingPorts ports;
  private final ConfigFile configFile;
  private final List<String> certificateOptions;
  private final Duration drain;
  private final Duration longestDrain;

  /**
   * The port for clients.
   *
   * @param plain its number without TLS
   * @param tls its number with TLS
   * @param onlyHttp2 whether clients speak HTTP/2 only
   */
  record ServingPorts(String name, int plain, int tls, boolean onlyHttp2) {}

  /**
   * The file that a ConfigMap holds.
   *
   * @param name its name there
   * @param option the option that names it to the program
   * @param initial its content unless a user gives another
   */
  record ConfigFile(String name, String option, String initial) {}

  ServingProgram(
      ServingPorts ports,
      ConfigFile configFile,
      List<String> certificateOptions,
      Duration drain,
      Duration longestDrain) {
    this.ports = ports;
    this.configFile = configFile;
    this.certificateOptions = certificateOptions;
    this.drain = drain;
    this.longestDrain = longestDrain;
  }

  /** The command, which is the name of the container and of the chart's values too. */
  String command() {
    return this == GATEWAY ? "gateway" : "control";
  }

  ServingPorts ports() {
    return ports;
  }

  ConfigFile configFile() {
    return configFile;
  }

  /** The options that name the certificate and its key. */
  List<String> certificateOptions() {
    return certificateOptions;
  }

  /** How long the program drains by default. */
  int drainSeconds() {
    return Math.toIntExact(drain.toSeconds());
  }

  /** The longest drain that the program takes. */
  Duration longestDrain() {
    return longestDrain;
  }
}
