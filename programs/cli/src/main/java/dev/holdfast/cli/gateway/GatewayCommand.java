package dev.holdfast.cli.gateway;

import static java.util.stream.Collectors.joining;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.GlobalOptions;
import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.cli.systemd.ServiceNotifier;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayOptions;
import dev.holdfast.gateway.admin.ConfigStatus;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.LiveConfig;
import dev.holdfast.gateway.config.LiveListeners;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.handover.HandoverServer;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.schema.ClusterSchemas;
import dev.holdfast.gateway.schema.ReflectionClient;
import dev.holdfast.gateway.schema.SchemaTranscoders;
import dev.holdfast.gateway.tls.TlsContexts;
import dev.holdfast.yaml.FileWatch;
import dev.holdfast.yaml.YamlException;
import io.micrometer.core.instrument.Metrics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code gateway} command, which runs a gateway. */
@Command(
    name = "gateway",
    description = {
      "Serve the gRPC services of a registry at one address: every call is balanced by itself."
    },
    subcommands = {
      GatewayCheckCommand.class,
      GatewaySchemaCommand.class,
      GatewayStatusCommand.class
    },
    footer = {
      "",
      "A call goes to the service that its authority names (orders, orders.prod.example:443), or"
          + " to",
      "the one that offers its gRPC service (each is asked by reflection), or to the only one"
          + " there",
      "is, unless a route of --config says otherwise. Health goes by authority only, and so does"
          + " reflection with several services."
          + " A",
      "gRPC service that two of them offer needs an authority or a route. That file is followed: a",
      "change counts at once, a bad one is refused and logged; so does SIGHUP. Ends with Ctrl-C or",
      "SIGTERM: clients are told to leave, calls may end, standard error says what it waits for; a"
          + " second",
      "one ends at once. With --handover the same command, run again, takes the place of the one"
          + " that",
      "runs. Exit codes: 0 ended, 1 it could not start or a second signal cut calls, 2 the command"
          + " line",
      "or the file makes no sense.",
      "",
      "  holdfast gateway --registry etcd://h1,h2,h3:2379/prod --listen 8080",
      "  holdfast gateway --registry file:///run/services --listen 0.0.0.0:8080",
      "  holdfast gateway --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key --config"
          + " g.yaml",
      "  holdfast gateway --config gateway.yaml"
    })
public final class GatewayCommand implements Callable<Integer> {
  @Limit(
      of = "time that a starting gateway waits for the first word of its registry",
      then = "it serves all the same, and answers that no service is known yet")
  private static final Duration NAMES_PATIENCE = Duration.ofSeconds(2);

  @Mixin(name = CommonOptions.MIXIN)
  private final GlobalOptions common = new GlobalOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Option(
      names = "--listen",
      paramLabel = "[HOST:]PORT",
      description = "Where clients are served; that of --config, or 8080 of loopback by default.")
  private @Nullable String listen;

  // The second name keeps it apart from the file with defaults, which HOLDFAST_CONFIG names.
  @Option(
      names = {"--config", "--gateway-config"},
      paramLabel = "FILE",
      description = "YAML file with clusters, routes and limits, followed as it changes.")
  private @Nullable Path config;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description =
          "PEM file with the certificates that clients are shown, read again when it changes; with"
              + " --tls-key. Default: plaintext, or as --config says.")
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "PEM file with their private key, read again likewise.")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
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

  @Mixin private final ObservabilityOptions seeing = new ObservabilityOptions();

  @Mixin private final HandoverOptions handover = new HandoverOptions();

  @Option(
      names = "--zone",
      paramLabel = "TEXT",
      description =
          "Where it stands (HOLDFAST_ZONE), unless the file says it: endpoints of this zone come"
              + " first.")
  private String zone = "";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that forward. Default: one for each processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--drain",
      paramLabel = "DURATION",
      description = "How long streams may go on at the end; 5m by default, calls 30s of it.")
  private @Nullable String drain;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("INFO");
    GatewayFile file = config == null ? null : new GatewayFile(config, registryOptions, zone);
    String text = file == null ? "" : file.text();
    GatewayConfig first = file == null ? ofRegistry() : parsed(file, text);
    seeing.requireGuarded(first.observability());
    requireFreePorts(first);
    // Before anything is open, so that no signal finds nobody.
    CountDownLatch ended = endOfSignals();
    ServiceNotifier notifier = ServiceNotifier.ofProcess();
    RegistryContext context = registryOptions.context();
    ConfigStatus status = new ConfigStatus(config == null ? "" : config.toString(), text, first);
    TlsContexts keys = TlsContexts.open(Metrics.globalRegistry);
    try (GatewayObservability observability =
            new GatewayObservability(seeing, first.observability(), status, context.environment());
        HeapRelease release = HeapRelease.start();
        ReflectionClient asker = ReflectionClient.open(Metrics.globalRegistry);
        ClusterSchemas schemas = new ClusterSchemas(context.scheduler(), asker, context.random());
        LiveConfig live = live(first, context, schemas, keys);
        LiveListeners listeners = listeners(first, keys)) {
      handover.check();
      var unused = live.awaitNames(NAMES_PATIENCE);
      HttpFrontend frontend =
          HttpFrontend.of(new SchemaTranscoders(schemas)).following(live::frontendOptions);
      GatewayOptions options = observability.observing(options(first, listeners), frontend);
      try (StartupHandover startupHandover = StartupHandover.begin(handover.path(), live, schemas);
          Gateway gateway = open(options, frontend, live, startupHandover)) {
        try (Closing watch =
            file == null
                ? () -> {}
                : followed(
                    file,
                    first,
                    text,
                    next -> listeners.use(gateway, listenerSettings().configs(next), live, next),
                    status,
                    notifier)) {
          live.follow(gateway::apply);
          // From here on nobody else serves: what is not needed for calls may not end it.
          notifier.mainProcess();
          boolean mustServe = startupHandover.serving();
          observability.show(gateway, schemas, ended::countDown, context.scheduler(), mustServe);
          Runnable closing = observability::closeAddresses;
          var handed = handoverSource(gateway, frontend, closing, notifier, ended);
          try (var next = handover.open(handed, context.scheduler(), mustServe)) {
            announce(gateway, listeners.current(), first, observability);
            serve(gateway, notifier, ended);
          }
        }
        drain(gateway, frontend, options);
      }
    } catch (IOException e) {
      throw UserError.failed("gateway: " + e.getMessage());
    }
    return ExitCode.OK;
  }

  private static Gateway open(
      GatewayOptions options, HttpFrontend frontend, LiveConfig live, StartupHandover handover)
      throws IOException {
    // Before the first reader comes.
    frontend.resumeSessions().useEarlierGateways(handover.readers());
    return Gateway.open(options, live.snapshot(), handover.sockets());
  }

  private void drain(Gateway gateway, HttpFrontend frontend, GatewayOptions options)
      throws InterruptedException {
    Duration streams = options.drain().streams();
    DrainNotice.drain(gateway, frontend.resumeSessions(), streams, common.commandContext().err());
  }

  /** Names a port that is taken before a registry is asked; a takeover shares its ports. */
  private void requireFreePorts(GatewayConfig first) {
    if (!handover.mayTakeOver()) {
      listenerSettings().requireFree(first);
      seeing.requireFree(first.observability());
    }
  }

  /** Closed without anything to go wrong. */
  private interface Closing extends AutoCloseable {
    @Override
    void close();
  }

  private static void serve(Gateway gateway, ServiceNotifier notifier, CountDownLatch ended)
      throws InterruptedException {
    notifier.ready("serving on " + addresses(gateway));
    ended.await();
    notifier.stopping("draining");
  }

  /** After a handover it drains; the service goes on in the process that took over. */
  private static HandoverServer.HandoverSource handoverSource(
      Gateway gateway,
      HttpFrontend frontend,
      Runnable release,
      ServiceNotifier notifier,
      CountDownLatch ended) {
    return new HandoverServer.HandoverSource(
        gateway,
        frontend.resumeSessions(),
        release,
        () -> {
          notifier.handedOver();
          ended.countDown();
        });
  }

  private GatewayConfig ofRegistry() {
    if (!registryOptions.isNamed()) {
      throw UserError.usage(
          "registry: none (expected: --registry URI, HOLDFAST_REGISTRY or --config FILE)");
    }
    return GatewayConfig.EMPTY.withRegistry(registryOptions.uri()).withZone(zone);
  }

  private static GatewayConfig parsed(GatewayFile file, String text) {
    try {
      return file.parsed(text);
    } catch (YamlException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    }
  }

  private LiveConfig live(
      GatewayConfig first, RegistryContext context, ClusterSchemas schemas, TlsContexts keys) {
    try {
      return LiveConfig.open(
          new Registries(context), first, new TreeSet<>(services), Optional.of(schemas), keys);
    } catch (RegistryException e) {
      throw UserError.usage(
          "registry: " + e.getMessage() + " (expected: --service NAME for each that is served)");
    }
  }

  /** Each text of the file that makes sense counts, and SIGHUP has it read at once. */
  private static Closing followed(
      GatewayFile file,
      GatewayConfig first,
      String text,
      Consumer<GatewayConfig> gateway,
      ConfigStatus status,
      ServiceNotifier notifier) {
    ConfigReload reload = new ConfigReload(file, first, gateway, status);
    FileWatch watch = FileWatch.start(file.path(), text, new ReloadNotice(reload, notifier));
    var unused =
        Signals.handle(
            "HUP",
            signal -> {
              notifier.reloading();
              watch.readNow();
            });
    return watch::close;
  }

  private ListenerSettings listenerSettings() {
    return new ListenerSettings(
        Optional.ofNullable(listen),
        Optional.ofNullable(certificate),
        Optional.ofNullable(key),
        Optional.ofNullable(clientAuthority));
  }

  private LiveListeners listeners(GatewayConfig first, TlsContexts keys) {
    try {
      return LiveListeners.open(keys, listenerSettings().configs(first));
    } catch (IllegalArgumentException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    }
  }

  private GatewayOptions options(GatewayConfig first, LiveListeners listeners) {
    GatewayOptions options =
        GatewayOptions.listeningAt(listeners.current()).withDrain(drainTimes(first.drain()));
    return threads == null ? options : options.withThreads(threads);
  }

  private DrainTimes drainTimes(DrainTimes configured) {
    if (drain == null) {
      return configured;
    }
    Duration streams = DurationText.parse("drain", drain, Duration.ZERO, Duration.ofHours(24));
    return new DrainTimes(
        least(configured.acknowledge(), streams), least(configured.unary(), streams), streams);
  }

  private static Duration least(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /** The second one ends the wait for calls. */
  private CountDownLatch endOfSignals() {
    CountDownLatch ended = new CountDownLatch(1);
    Signals.onStop(
        () -> {
          if (ended.getCount() == 0) {
            DrainNotice.cut(common.commandContext().err());
            Runtime.getRuntime().halt(ExitCode.FAILED);
          }
          ended.countDown();
        });
    return ended;
  }

  private static String addresses(Gateway gateway) {
    return gateway.addresses().stream().map(ListenAddress::text).collect(joining(", "));
  }

  private void announce(
      Gateway gateway,
      List<ListenerOptions> listenerOptions,
      GatewayConfig first,
      GatewayObservability observability) {
    Optional<InetSocketAddress> admin = observability.address();
    Set<String> clusters = new TreeSet<>(gateway.snapshot().clusters().keySet());
    String registry = first.registry().map(RegistryUri::toString).orElse("");
    List<InetSocketAddress> addresses = gateway.addresses();
    List<String> shown = new ArrayList<>();
    boolean exposed = false;
    for (int i = 0; i < addresses.size(); i++) {
      InetSocketAddress address = addresses.get(i);
      boolean tls = listenerOptions.get(i).tls().isPresent();
      shown.add(ListenAddress.text(address) + (tls ? " (TLS)" : " (plaintext)"));
      exposed |= !tls && !address.getAddress().isLoopbackAddress();
    }
    if (common.json()) {
      common
          .commandContext()
          .out()
          .println(
              JsonLine.object()
                  .with("listen", ListenAddress.text(gateway.address()))
                  .with("listeners", addresses.stream().map(ListenAddress::text).toList())
                  .with("admin", admin.map(ListenAddress::text).orElse(""))
                  .with(
                      "metrics", observability.metricsAddress().map(ListenAddress::text).orElse(""))
                  .with(
                      "adminService",
                      observability.adminService().map(ListenAddress::text).orElse(""))
                  .with("registry", registry)
                  .with("clusters", clusters.size()));
    } else {
      common
          .commandContext()
          .out()
          .println(
              "serving gRPC and JSON on "
                  + String.join(", ", shown)
                  + ", "
                  + clusters.size()
                  + (clusters.size() == 1 ? " cluster" : " clusters")
                  + (registry.isEmpty() ? "" : ", from " + registry)
                  + admin.map(page -> "; admin page http://" + ListenAddress.text(page)).orElse("")
                  + observability
                      .adminService()
                      .map(service -> "; admin service " + ListenAddress.text(service))
                      .orElse(""));
    }
    boolean openAdmin = admin.filter(page -> !page.getAddress().isLoopbackAddress()).isPresent();
    new StartWarnings(first, clusters.size(), exposed, openAdmin)
        .lines()
        .forEach(line -> common.commandContext().err().println("holdfast: warning: " + line));
  }
}
