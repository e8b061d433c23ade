package dev.holdfast.cli.docs;

import dev.holdfast.cli.HoldfastCommand;
import dev.holdfast.cli.gateway.GatewaySchema;
import dev.holdfast.cli.settings.Setting;
import dev.holdfast.control.ControlMeter;
import dev.holdfast.control.resources.PolicyKeys;
import dev.holdfast.control.resources.ResourceMeter;
import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.limits.GatewayMeter;
import dev.holdfast.grpc.BuilderSettings;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastLoadBalancerProvider;
import dev.holdfast.grpc.RetryOptions;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import dev.holdfast.grpc.metrics.GrpcMetric;
import dev.holdfast.liveness.LivenessMeter;
import dev.holdfast.registry.kubernetes.KubernetesMeter;
import dev.holdfast.streams.grpc.StreamMeter;
import dev.holdfast.streams.redis.RedisMeter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A part of a document that is generated from code, so that the two can't diverge. */
public enum GeneratedSection {
  /** Every scheme with its spelling and parameters. */
  TARGETS("docs/targets.md") {
    @Override
    public String text() {
      return targets();
    }
  },
  /** Every setting of a channel's builder. */
  CHANNEL("docs/grpc.md") {
    @Override
    public String text() {
      return settings("setting", BuilderSettings.ofChannels());
    }
  },
  /** The bounds of calls that are sent again. */
  RETRY("docs/grpc.md") {
    @Override
    public String text() {
      return settings("of `RetryOptions`", RetryOptions.tunables());
    }
  },
  /** Every setting of the policy holdfast in a service config. */
  POLICY("docs/grpc.md") {
    @Override
    public String text() {
      return settings("key", HoldfastLoadBalancerProvider.tunables());
    }
  },
  /** Every key of a control plane's policy. */
  XDS_POLICY("docs/xds-clients.md") {
    @Override
    public String text() {
      return settings("key of a service", PolicyKeys.tunables());
    }
  },
  /** Every key of a gateway's file. */
  GATEWAY("docs/gateway/configuration.md") {
    @Override
    public String text() {
      return table("key", GatewaySchema.flat());
    }
  },
  /** Every setting of a server's builder. */
  SERVER("docs/grpc.md") {
    @Override
    public String text() {
      return settings("setting", BuilderSettings.ofServers());
    }
  },
  /** The times of a stopping server. */
  DRAIN("docs/grpc.md") {
    @Override
    public String text() {
      return settings("of `DrainOptions`", DrainOptions.tunables());
    }
  },
  /** Every parameter of a DNS target. */
  DNS("docs/dns.md") {
    @Override
    public String text() {
      return parameters("dns");
    }
  },
  /** Every parameter of a Kubernetes target. */
  KUBERNETES("docs/kubernetes.md") {
    @Override
    public String text() {
      return parameters("kubernetes");
    }
  },
  /** Every command with its options. */
  COMMANDS("docs/cli.md") {
    @Override
    public String text() {
      return CommandsPage.text(HoldfastCommand.commandLine());
    }
  },
  /** Every meter with its type, tags and meaning. */
  METERS("docs/meters.md") {
    @Override
    public String text() {
      return meters(allMeters());
    }
  },
  /** Every metric of calls that gRPC defines, with its type, labels and meaning. */
  GRPC_METRICS("docs/grpc-metrics.md") {
    @Override
    public String text() {
      return meters(List.<DocumentedMeter>of(GrpcMetric.values()));
    }
  },
  /** Every dashboard with the question that it answers. */
  DASHBOARDS("docs/dashboards.md") {
    @Override
    public String text() {
      return ObservabilityTables.dashboards();
    }
  },
  /** Every alert with its condition and its document. */
  ALERTS("docs/dashboards.md") {
    @Override
    public String text() {
      return ObservabilityTables.alerts();
    }
  },
  /** Every variable and every key of the YAML file. */
  ENVIRONMENT("docs/environment.md") {
    @Override
    public String text() {
      return environment();
    }
  };

  private final String file;

  GeneratedSection(String file) {
    this.file = file;
  }

  /** The path of the document, relative to the root of the repository. */
  public String file() {
    return file;
  }

  /** The name of the part between its markers. */
  public String part() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The generated text, which the file must contain between the part's markers. */
  public abstract String text();

  private static String targets() {
    Map<String, RegistryProvider> providers =
        new TreeMap<>(new Registries(RegistryContext.system()).providers());
    MarkdownTable schemes = new MarkdownTable("registry", "a target in it");
    schemes.row("the one that `HOLDFAST_REGISTRY` names", "`holdfast:///orders`");
    providers.forEach((scheme, p) -> schemes.row(scheme, MarkdownTable.code(p.example())));
    StringBuilder text = new StringBuilder(schemes.toString());
    providers.forEach(
        (scheme, provider) -> {
          text.append("\n### Parameters of ").append(scheme).append("\n\n");
          String table = parameters(provider);
          text.append(provider.uriParameters().isEmpty() ? "None.\n" : table);
        });
    return text.toString();
  }

  private static String parameters(String scheme) {
    return parameters(
        Objects.requireNonNull(
            new Registries(RegistryContext.system()).providers().get(scheme), scheme));
  }

  private static String parameters(RegistryProvider provider) {
    MarkdownTable table = new MarkdownTable("parameter", "expected", "default", "meaning");
    for (RegistryProvider.UriParameter p : provider.uriParameters()) {
      table.row(
          MarkdownTable.code(p.name()),
          p.expected(),
          p.defaultValue().isEmpty() ? "-" : p.defaultValue(),
          p.meaning());
    }
    return table.toString();
  }

  private static String settings(String head, List<Tunable> tunables) {
    Map<String, Tunable> rows = new LinkedHashMap<>();
    tunables.forEach(tunable -> rows.put(tunable.key(), tunable));
    return table(head, rows);
  }

  private static String table(String head, Map<String, Tunable> rows) {
    MarkdownTable table = new MarkdownTable(head, "expected", "default", "meaning");
    rows.forEach(
        (key, tunable) ->
            table.row(
                MarkdownTable.code(key),
                tunable.expected(),
                tunable.defaultText().isEmpty() ? "-" : tunable.defaultText(),
                tunable.meaning()));
    return table.toString();
  }

  private static String meters(List<DocumentedMeter> meters) {
    MarkdownTable table =
        new MarkdownTable("meter", "in Prometheus", "type", "unit", "tags", "meaning");
    meters.forEach(meter -> row(table, meter));
    return table.toString();
  }

  /** The meters of all modules, in the order of the document. */
  public static List<DocumentedMeter> allMeters() {
    return Stream.<DocumentedMeter[]>of(
            RegistryMeter.values(),
            GrpcMeter.values(),
            LivenessMeter.values(),
            KubernetesMeter.values(),
            StreamMeter.values(),
            RedisMeter.values(),
            ControlMeter.values(),
            ResourceMeter.values(),
            GatewayMeter.values())
        .flatMap(Arrays::stream)
        .toList();
  }

  private static String environment() {
    MarkdownTable table =
        new MarkdownTable("variable", "in the file", "expected", "default", "meaning");
    for (Setting setting : Setting.values()) {
      table.row(
          MarkdownTable.code(setting.variable()),
          setting.isAllowedInFile() ? MarkdownTable.code(setting.key()) : "not allowed",
          setting.expected(),
          setting.defaultValue(),
          setting.meaning());
    }
    return table.toString();
  }

  private static void row(MarkdownTable table, DocumentedMeter meter) {
    table.row(
        MarkdownTable.code(meter.meterName()),
        MarkdownTable.code(meter.prometheusName()),
        meter.meterType().name().toLowerCase(Locale.ROOT),
        meter.unit(),
        meter.tags().isEmpty() ? "-" : String.join(", ", meter.tags()),
        meter.description());
  }
}
