package dev.holdfast.cli.gateway;

import dev.holdfast.cli.TokenFile;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.cli.control.MetricsOptions;
import dev.holdfast.gateway.admin.AdminServer;
import dev.holdfast.gateway.config.ObservabilityConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
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
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that the admin page asks for: to drain the gateway, and beyond"
              + " loopback to read. Without one the page can't drain, and is for loopback only.")
  private @Nullable Path adminToken;

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

  /** The file with the token of the admin page. */
  Optional<Path> adminToken() {
    return Optional.ofNullable(adminToken);
  }

  /**
   * Refuses an admin page that everybody could read, and a token that can't be read.
   *
   * @throws UserError that names the setting
   */
  void requireGuarded(ObservabilityConfig file) {
    Path token = adminToken;
    if (token != null) {
      var unused = TokenFile.read("admin-token-file", token);
    }
    address(file)
        .filter(address -> token == null && !address.getAddress().isLoopbackAddress())
        .ifPresent(
            address -> {
              throw UserError.usage(
                  "admin: "
                      + ListenAddress.text(address)
                      + " (expected: --admin-token-file beyond loopback, or --metrics for scrapers"
                      + " and probes)");
            });
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
