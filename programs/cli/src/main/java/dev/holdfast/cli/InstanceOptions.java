package dev.holdfast.cli;

import dev.holdfast.cli.run.HealthGatedRegistration;
import dev.holdfast.cli.run.InstanceEventLog;
import dev.holdfast.cli.run.InstanceLifecycle;
import dev.holdfast.cli.run.ProgramHealthOptions;
import dev.holdfast.cli.run.StopOptions;
import dev.holdfast.cli.run.StopRequest;
import dev.holdfast.cli.settings.SettingDurations;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.registration.AdvertisedAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The command-line options that describe an instance and its health check. */
@SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
public final class InstanceOptions {
  @Option(
      names = "--service",
      required = true,
      paramLabel = "NAME",
      description = "The service, inside the namespace of the registry.")
  private String service;

  @Option(
      names = "--port",
      required = true,
      paramLabel = "PORT",
      converter = PortConverter.class,
      description = "The port on which the program listens, 1 to 65535.")
  private Integer port;

  @Option(
      names = "--advertise",
      paramLabel = "HOST[:PORT]",
      description =
          "The address that clients are told (HOLDFAST_ADVERTISE; else POD_IP, else the local"
              + " address of the route to the registry).")
  private @Nullable String advertise;

  @Option(
      names = "--zone",
      paramLabel = "ZONE",
      description = "The failure domain it runs in (HOLDFAST_ZONE).")
  private String zone = "";

  @Option(
      names = "--weight",
      paramLabel = "N",
      converter = WeightConverter.class,
      description =
          "Its share of calls relative to others, 1 to 10000, default 1 (HOLDFAST_WEIGHT).")
  private Integer weight = Endpoint.WEIGHT.wholeDefault();

  @Option(
      names = "--meta",
      paramLabel = "KEY=VALUE",
      description = "A further property; may be repeated.")
  private List<String> meta = new ArrayList<>();

  @Option(
      names = "--health",
      paramLabel = "MODE",
      converter = ModeConverter.class,
      description =
          "auto: grpc.health.v1 if the program serves it, else the port alone. grpc, grpc-tls: it"
              + " must serve it. tcp: the port alone. Default auto (HOLDFAST_HEALTH).")
  private ProgramHealthOptions.Mode health = ProgramHealthOptions.Mode.AUTO;

  @Option(
      names = "--health-service",
      paramLabel = "NAME",
      description =
          "The service whose health counts, which implies --health grpc; without it that of the"
              + " whole server (HOLDFAST_HEALTH_SERVICE).")
  private String healthService = "";

  @Option(
      names = "--probe-interval",
      paramLabel = "DURATION",
      converter = ProbeIntervalConverter.class,
      description =
          "How often the program is probed while nothing is heard, 0s for never; default 5s"
              + " (HOLDFAST_PROBE_INTERVAL).")
  private Duration probeInterval = SettingDurations.PROBE_INTERVAL.defaultValue();

  @Option(
      names = "--health-timeout",
      paramLabel = "DURATION",
      converter = HealthTimeoutConverter.class,
      description =
          "How long a program whose port is open may take for its first answer in gRPC, before"
              + " --health auto goes by the port alone; default 10s (HOLDFAST_HEALTH_TIMEOUT).")
  private Duration healthTimeout = SettingDurations.HEALTH_TIMEOUT.defaultValue();

  @Option(
      names = "--ready-timeout",
      paramLabel = "DURATION",
      converter = ReadyTimeoutConverter.class,
      description =
          "How long the port may take to answer, 0s for no limit; default 1m"
              + " (HOLDFAST_READY_TIMEOUT).")
  private Duration readyTimeout = SettingDurations.READY_TIMEOUT.defaultValue();

  @Option(
      names = "--spread",
      paramLabel = "DURATION",
      converter = SpreadConverter.class,
      description =
          "How long clients are given to notice after deregistration; default 1s"
              + " (HOLDFAST_SPREAD).")
  private Duration spread = SettingDurations.SPREAD.defaultValue();

  String service() {
    return service;
  }

  /**
   * Creates the object that keeps the instance registered while its program serves.
   *
   * @param stopTimeout how long the program may take to stop
   * @throws UserError when the registry can't be written to
   */
  InstanceLifecycle keeper(
      Registry registry,
      ServiceTarget target,
      RegistryContext context,
      CommonOptions common,
      Duration stopTimeout,
      StopRequest stop) {
    WritableRegistryCheck.require(registry, target.registry());
    Endpoint endpoint = endpoint(registry, context.environment());
    InstanceEventLog instanceEventLog =
        new InstanceEventLog(
            common.commandContext().err(), common.json(), Clock.system(ZoneId.systemDefault()));
    HealthGatedRegistration healthGatedRegistration =
        new HealthGatedRegistration(registry, target, endpoint, context, instanceEventLog);
    StopOptions times =
        new StopOptions(readyTimeout, registry.requestTimeout(), spread, stopTimeout);
    return new InstanceLifecycle(
        healthGatedRegistration, health(endpoint), times, instanceEventLog, stop);
  }

  /** The instance as the registry is told of it. */
  Endpoint endpoint(Registry registry, Map<String, String> environment) {
    HostPort address =
        AdvertisedAddress.find(
            Optional.ofNullable(advertise), port, environment, registry.peerAddresses());
    return Endpoint.of(address)
        .withInstance(UUID.randomUUID().toString())
        .withZone(zone)
        .withWeight(weight)
        .withMetadata(metadata());
  }

  /** Loopback is tried first: most programs listen on every address, some on one only. */
  private ProgramHealthOptions health(Endpoint endpoint) {
    List<String> hosts = new ArrayList<>(List.of("127.0.0.1", "::1"));
    if (!hosts.contains(endpoint.address().host()) && endpoint.address().port() == port) {
      hosts.add(endpoint.address().host());
    }
    // Who names a service of grpc.health.v1 says that the program serves it.
    boolean named = health == ProgramHealthOptions.Mode.AUTO && !healthService.isEmpty();
    ProgramHealthOptions.Mode mode = named ? ProgramHealthOptions.Mode.GRPC : health;
    return new ProgramHealthOptions(hosts, port, mode, healthService, healthTimeout, probeInterval);
  }

  private Map<String, String> metadata() {
    Map<String, String> metadata = new TreeMap<>();
    for (String pair : meta) {
      int equals = pair.indexOf('=');
      if (equals <= 0) {
        throw UserError.usage("meta: \"" + pair + "\" (expected: key=value)");
      }
      String key = pair.substring(0, equals);
      if (metadata.put(key, pair.substring(equals + 1)) != null) {
        throw UserError.usage("meta: \"" + key + "\" twice (expected: once)");
      }
    }
    return metadata;
  }

  private static int number(String name, String text, int max) {
    try {
      int value = Integer.parseInt(text);
      if (value >= 1 && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, with what was expected.
    }
    throw new TypeConversionException(name + ": " + text + " (expected: 1 to " + max + ")");
  }

  static final class PortConverter implements ITypeConverter<Integer> {
    private static final int LARGEST_PORT = 65_535;

    @Override
    public Integer convert(String text) {
      return number("port", text, LARGEST_PORT);
    }
  }

  static final class WeightConverter implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return number("weight", text, Endpoint.MAX_WEIGHT);
    }
  }

  static final class ModeConverter implements ITypeConverter<ProgramHealthOptions.Mode> {
    @Override
    public ProgramHealthOptions.Mode convert(String text) {
      for (ProgramHealthOptions.Mode mode : ProgramHealthOptions.Mode.values()) {
        if (mode.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(text)) {
          return mode;
        }
      }
      throw new TypeConversionException(
          "health: " + text + " (expected: auto, grpc, grpc-tls or tcp)");
    }
  }

  static final class ProbeIntervalConverter extends DurationOptionConverter {
    ProbeIntervalConverter() {
      super(SettingDurations.PROBE_INTERVAL);
    }
  }

  static final class HealthTimeoutConverter extends DurationOptionConverter {
    HealthTimeoutConverter() {
      super(SettingDurations.HEALTH_TIMEOUT);
    }
  }

  static final class ReadyTimeoutConverter extends DurationOptionConverter {
    ReadyTimeoutConverter() {
      super(SettingDurations.READY_TIMEOUT);
    }
  }

  static final class SpreadConverter extends DurationOptionConverter {
    SpreadConverter() {
      super(SettingDurations.SPREAD);
    }
  }
}
