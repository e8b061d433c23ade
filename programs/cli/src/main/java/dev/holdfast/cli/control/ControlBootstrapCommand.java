package dev.holdfast.cli.control;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.control.resources.XdsBootstrap;
import dev.holdfast.core.HostPort;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code control bootstrap} command, which prints the bootstrap file of xDS clients, with the
 * addresses of their control planes.
 */
@Command(
    name = "bootstrap",
    description = {
      "Print the file that tells gRPC clients where their control planes are.",
      "GRPC_XDS_BOOTSTRAP names it; the target of a channel is then xds:///orders."
    },
    footer = {
      "",
      "Several --server: C-core, Java and Go go on to the next when one can't be reached; grpc-js",
      "knows the first only. Of TLS, C-core and Go take all; Java takes its trust from the JVM and",
      "shows no certificate; grpc-js knows none. A locality is what control status shows; it must",
      "be in the file for grpc-js, be it empty. docs/xds-clients.md says what each language wants",
      "beside the file.",
      "",
      "  holdfast control bootstrap --server 10.0.0.5:18000 > bootstrap.json",
      "  GRPC_XDS_BOOTSTRAP=bootstrap.json ./client xds:///orders"
    })
public final class ControlBootstrapCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--server",
      required = true,
      paramLabel = "HOST:PORT",
      description = "A control plane; may be said several times, the preferred one first.")
  private List<String> servers = new ArrayList<>();

  @Option(
      names = "--node-id",
      paramLabel = "NAME",
      description =
          "How the client is called in what control status shows; the machine's name by"
              + " default.")
  private @Nullable String nodeId;

  @Option(
      names = "--locality",
      paramLabel = "[REGION/]ZONE",
      description =
          "Where the client is, such as eu-1/a (REGION/ZONE/SUB_ZONE); not said by default.")
  private String locality = "";

  @Option(
      names = "--tls",
      description = "The control plane speaks TLS, with a certificate that the system trusts.")
  private boolean tls;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "TLS, with a certificate that these have signed (PEM; as the client finds it).")
  private @Nullable String ca;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "TLS, and the client shows this certificate (PEM); with --key.")
  private @Nullable String certificate;

  @Option(names = "--key", paramLabel = "FILE", description = "The key of --cert (PEM, PKCS#8).")
  private @Nullable String key;

  @Override
  public Integer call() {
    common.startLogging("OFF");
    XdsBootstrap xdsBootstrap =
        new XdsBootstrap(
            servers.stream().map(HostPort::parse).toList(),
            nodeId == null ? machine() : nodeId,
            locality.isEmpty()
                ? XdsBootstrap.Locality.UNKNOWN
                : XdsBootstrap.Locality.parse(locality),
            bootstrapTls());
    common.commandContext().out().print(xdsBootstrap.json());
    common.commandContext().out().flush();
    return ExitCode.OK;
  }

  private Optional<XdsBootstrap.BootstrapTls> bootstrapTls() {
    if ((certificate == null) != (key == null)) {
      throw UserError.usage(
          (key == null ? "cert: without key" : "key: without cert") + " (expected: both or none)");
    }
    return tls || ca != null || certificate != null
        ? Optional.of(
            new XdsBootstrap.BootstrapTls(
                Optional.ofNullable(ca),
                Optional.ofNullable(certificate),
                Optional.ofNullable(key)))
        : Optional.empty();
  }

  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "holdfast-client";
    }
  }
}
