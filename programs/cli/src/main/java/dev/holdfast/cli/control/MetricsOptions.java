package dev.holdfast.cli.control;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of the address at which scrapers and probes of other machines are answered. */
public final class MetricsOptions {
  @Option(
      names = "--metrics",
      paramLabel = "[HOST:]PORT",
      description =
          "Where /metrics, /livez and /readyz are served to other machines, in plaintext and"
              + " without the admin page. Default: none.")
  private @Nullable String metrics;

  /** The address; empty when there is none. */
  public Optional<InetSocketAddress> address() {
    return Optional.ofNullable(metrics).map(text -> ListenAddress.parse("metrics", text));
  }
}
