package dev.holdfast.cli.gateway;

import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.cli.control.MetricsOptions;
import dev.holdfast.gateway.admin.AdminServer;
import dev.holdfast.gateway.config.ObservabilityConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of a gateway's observability: admin page and access log. */
final class ObservabilityOptions {
  private static final String NONE = "none";

  @Option(
      names = "--admin",
      paramLabel = "[HOST:]PORT",
      description =
          "Where the admin page, /metrics and checks are served, in plaintext, or none; that of"
              + " --config, or 18002 of loopback by default.")
  private @Nullable String admin;

  @Option(
      names = "--access-log",
      paramLabel = "FILE",
      description =
          "A file that gets a line of JSON for each call, - for standard output; that of --config,"
              + " or none by default.")
  private @Nullable String accessLog;

  @Mixin private final MetricsOptions metrics = new MetricsOptions();

  /** The address of metrics and probes; empty when there is none. */
  Optional<InetSocketAddress> metricsAddress() {
    return metrics.address();
  }

  /** The address of the admin page; empty when the page is off. */
  Optional<InetSocketAddress> address(ObservabilityConfig file) {
    if (admin != null) {
      return NONE.equals(admin)
          ? Optional.empty()
          : Optional.of(ListenAddress.parse("admin", admin));
    }
    if (file.adminOff()) {
      return Optional.empty();
    }
    return file.admin().or(() -> Optional.of(usual()));
  }

  /** Whether somebody asked for it to be there. */
  boolean isAdminRequested(ObservabilityConfig file) {
    return admin != null || file.admin().isPresent();
  }

  /**
   * Refuses an address that somebody asked for and that can't be had.
   *
   * @throws UserError that names the setting
   */
  void requireFree(ObservabilityConfig file) {
    if (isAdminRequested(file)) {
      address(file).ifPresent(address -> ListenAddress.requireFree("admin", address));
    }
  }

  /** The file of the log, "-" for standard output. */
  Optional<String> log(ObservabilityConfig file) {
    Optional<String> chosen = Optional.ofNullable(accessLog).or(file::accessLog);
    return chosen.filter(name -> !NONE.equals(name));
  }

  private static InetSocketAddress usual() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), AdminServer.PORT);
  }
}
