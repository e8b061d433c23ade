package dev.holdfast.cli.control;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.TokenFile;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.cli.systemd.ServiceNotifier;
import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.PolicyException;
import dev.holdfast.control.resources.PolicyFeed;
import dev.holdfast.control.resources.PolicyMeters;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.admin.MetricsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code control} command, which runs an xDS control plane. */
@Command(
    name = "control",
    description = {
      "Serve the services of a registry by xDS: gRPC clients in every language, and any Envoy,"
          + " follow them with no code and the target xds:///SERVICE."
    },
    subcommands = {ControlBootstrapCommand.class, ControlStatusCommand.class},
    footer = {
      "",
      "It answers nothing until it knows all services, from the registry or from --snapshot-dir;",
      "any number of them may serve the same registry. Ends with Ctrl-C or SIGTERM: clients are",
      "sent elsewhere first. Exit codes: 0 ended, 1 it could not start, 2 the command line makes",
      "no sense.",
      "",
      "  holdfast control --registry etcd://h1,h2,h3:2379/prod",
      "  holdfast control --listen 0.0.0.0:18000 --cert tls.crt --key tls.key --policy policy.yaml"
    })
public final class ControlCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Option(
      names = "--listen",
      paramLabel = "[HOST:]PORT",
      defaultValue = "" + ControlOptions.PORT,
      description = "Where clients are served; ${DEFAULT-VALUE} of loopback by default.")
  private String listen = "" + ControlOptions.PORT;

  @Option(
      names = "--admin",
      paramLabel = "[HOST:]PORT",
      defaultValue = "" + ControlOptions.ADMIN_PORT,
      description =
          "Where `control status` and grpcdebug (CSDS) are answered, in plaintext;"
              + " ${DEFAULT-VALUE} of loopback by default.")
  private String admin = "" + ControlOptions.ADMIN_PORT;

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that readers of --admin present; needed beyond loopback, where it"
              + " alone counts.")
  private @Nullable Path adminToken;

  @Mixin private final MetricsOptions metrics = new MetricsOptions();

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description =
          "PEM file with the server's certificates, read again when it changes; with --key."
              + " Default: plaintext.")
  private @Nullable Path certificate;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "PEM file with the server's private key (PKCS#8), read again likewise.")
  private @Nullable Path key;

  @Option(
      names = "--client-ca",
      paramLabel = "FILE",
      description = "PEM file of the authorities whose certificates clients must show.")
  private @Nullable Path clientAuthority;

  @Option(
      names = "--service",
      paramLabel = "NAME",
      description =
          "A service to serve, several times; for registries that can't list theirs. Default: all"
              + " of the registry's namespace.")
  private List<String> services = List.of();

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description =
          "YAML file with splits, routes and balancers, followed as it changes (HOLDFAST_POLICY).")
  private @Nullable Path policy;

  @Option(
      names = "--snapshot-dir",
      paramLabel = "DIR",
      description =
          "A directory that keeps the last lists, so that a restart while the registry is down"
              + " serves them (HOLDFAST_SNAPSHOT_DIR).")
  private @Nullable Path snapshots;

  @Option(
      names = "--drain",
      paramLabel = "DURATION",
      defaultValue = "5s",
      description =
          "How long clients have to go elsewhere at the end; ${DEFAULT-VALUE} by default.")
  private String drain = "5s";

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("INFO");
    RegistryUri uri = registryOptions.uri();
    ControlOptions options = options();
    ListenAddress.requireFree("listen", options.listen());
    ListenAddress.requireFree("admin", options.admin());
    // Before anything is open, so that no signal finds nobody.
    CountDownLatch ended = endOfSignals();
    RegistryContext context = context();
    AdminServiceSetting adminService = AdminServiceSetting.of(context.environment());
    ServiceNotifier notifier = ServiceNotifier.ofProcess();
    try (ProcessMeters meters = ProcessMeters.open();
        PolicyFeed feed = feed(context);
        ControlPlane plane =
            ControlPlane.start(
                uri,
                new Registries(context),
                feed.builder(),
                options.withConnections(adminService.connections().map(ControlConnections::new)));
        Scraped scraped = scraped(plane, meters)) {
      feed.follow(plane::use);
      adminService.start();
      announce(plane, uri, scraped.address(), adminService.address());
      notifier.ready("serving xDS on " + ListenAddress.text(plane.address()));
      ended.await();
      notifier.stopping("clients are sent elsewhere");
      // Before the address of probes closes, which say meanwhile that it drains.
      plane.close();
    } catch (IOException e) {
      throw UserError.failed("control: " + e.getMessage());
    }
    return ExitCode.OK;
  }

  /** The address of metrics and probes while it is open, if there is one. */
  private record Scraped(Optional<MetricsServer> server) implements AutoCloseable {
    Optional<InetSocketAddress> address() {
      return server.map(MetricsServer::address);
    }

    @Override
    public void close() {
      server.ifPresent(MetricsServer::close);
    }
  }

  private Scraped scraped(ControlPlane plane, ProcessMeters meters) throws IOException {
    Optional<InetSocketAddress> address = metrics.address();
    return new Scraped(
        address.isEmpty()
            ? Optional.empty()
            : Optional.of(
                MetricsServer.of(address.get(), plane::notReadyBecause, meters.registry())));
  }

  private PolicyFeed feed(RegistryContext context) {
    try {
      return PolicyFeed.open(Optional.ofNullable(policy), new PolicyMeters(context.meters()));
    } catch (PolicyException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw UserError.usage(
          "policy: " + policy + ": " + IoErrorText.of(e) + " (expected: a readable file)");
    }
  }

  /** The second one ends the wait for clients. */
  private static CountDownLatch endOfSignals() {
    CountDownLatch ended = new CountDownLatch(1);
    Signals.onStop(
        () -> {
          if (ended.getCount() == 0) {
            Runtime.getRuntime().halt(ExitCode.FAILED);
          }
          ended.countDown();
        });
    return ended;
  }

  private InetSocketAddress adminAddress() {
    InetSocketAddress address = ListenAddress.parse("admin", admin);
    Path token = adminToken;
    if (token != null) {
      var unused = TokenFile.read("admin-token-file", token);
    } else if (!address.getAddress().isLoopbackAddress()) {
      throw UserError.usage(
          "admin: "
              + ListenAddress.text(address)
              + " (expected: --admin-token-file beyond loopback)");
    }
    return address;
  }

  private ControlOptions options() {
    ControlOptions options =
        ControlOptions.DEFAULT
            .withListen(ListenAddress.parse("listen", listen))
            .withAdmin(adminAddress(), Optional.ofNullable(adminToken))
            .withServices(services)
            .withDrain(
                DurationText.parse(
                    "drain", drain, ControlOptions.DRAIN.min(), ControlOptions.DRAIN.max()));
    if (certificate != null && key != null) {
      return options.withTls(
          new ControlOptions.ServerTlsFiles(
              certificate, key, Optional.ofNullable(clientAuthority)));
    }
    if (certificate != null || key != null || clientAuthority != null) {
      throw UserError.usage(
          "cert, key, client-ca: one without the others (expected: --cert and --key, and with"
              + " them --client-ca where clients must show a certificate)");
    }
    return options;
  }

  private RegistryContext context() {
    RegistryContext context = registryOptions.context();
    if (snapshots == null) {
      return context;
    }
    Map<String, String> environment = new TreeMap<>(context.environment());
    environment.put(EndpointDirectory.SNAPSHOT_VARIABLE, snapshots.toString());
    return context.withEnvironment(environment);
  }

  private void announce(
      ControlPlane plane,
      RegistryUri uri,
      Optional<InetSocketAddress> scraped,
      Optional<InetSocketAddress> adminService) {
    if (common.json()) {
      common
          .commandContext()
          .out()
          .println(
              JsonLine.object()
                  .with("listen", ListenAddress.text(plane.address()))
                  .with("admin", ListenAddress.text(plane.adminAddress()))
                  .with("metrics", scraped.map(ListenAddress::text).orElse(""))
                  .with("adminService", adminService.map(ListenAddress::text).orElse(""))
                  .with("tls", certificate != null)
                  .with("registry", uri.toString()));
      return;
    }
    common
        .commandContext()
        .out()
        .println(
            "serving xDS on "
                + ListenAddress.text(plane.address())
                + (certificate == null ? " (plaintext)" : " (TLS)")
                + ", status on "
                + ListenAddress.text(plane.adminAddress())
                + adminService
                    .map(service -> ", admin service on " + ListenAddress.text(service))
                    .orElse("")
                + ", from "
                + uri);
    if (certificate == null && !plane.address().getAddress().isLoopbackAddress()) {
      common
          .commandContext()
          .err()
          .println(
              "holdfast: warning: clients are served in plaintext beyond this machine; --cert and"
                  + " --key encrypt it");
    }
    if (!context().environment().containsKey(EndpointDirectory.SNAPSHOT_VARIABLE)) {
      common
          .commandContext()
          .err()
          .println(
              "holdfast: note: without --snapshot-dir a restart while the registry is down answers"
                  + " nobody until it is back");
    }
  }
}
