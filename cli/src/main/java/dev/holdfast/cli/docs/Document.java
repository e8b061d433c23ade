package dev.holdfast.cli.docs;

import dev.holdfast.cli.Holdfast;
import dev.holdfast.cli.settings.Setting;
import dev.holdfast.core.Registries;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.grpc.GrpcMeter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A part of a document that is made from code, so that it can't drift from it. */
public enum Document {
  /** Every scheme with its spelling and parameters. */
  TARGETS("docs/targets.md") {
    @Override
    public String text() {
      return targets();
    }
  },
  /** Every command with its options. */
  COMMANDS("docs/cli.md") {
    @Override
    public String text() {
      return CommandsPage.text(Holdfast.commandLine());
    }
  },
  /** Every meter. */
  METERS("docs/meters.md") {
    @Override
    public String text() {
      return meters();
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

  Document(String file) {
    this.file = file;
  }

  /** Where the part stands, from the root of the repository. */
  public String file() {
    return file;
  }

  /** The name of the part between its markers. */
  public String part() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What must stand there. */
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
          MarkdownTable table = new MarkdownTable("parameter", "expected", "default", "meaning");
          for (RegistryProvider.Parameter p : provider.parameters()) {
            table.row(
                MarkdownTable.code(p.name()),
                p.expected(),
                p.defaultValue().isEmpty() ? "-" : p.defaultValue(),
                p.meaning());
          }
          text.append(provider.parameters().isEmpty() ? "None.\n" : table.toString());
        });
    return text.toString();
  }

  private static String meters() {
    MarkdownTable table = new MarkdownTable("meter", "type", "unit", "tags", "meaning");
    for (RegistryMeter m : RegistryMeter.values()) {
      row(table, m.meterName(), m.type(), m.unit(), m.tags(), m.description());
    }
    for (GrpcMeter m : GrpcMeter.values()) {
      row(table, m.meterName(), m.type(), m.unit(), m.tags(), m.description());
    }
    return table.toString();
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

  private static void row(
      MarkdownTable table,
      String name,
      RegistryMeter.Type type,
      String unit,
      List<String> tags,
      String meaning) {
    table.row(
        MarkdownTable.code(name),
        type.name().toLowerCase(Locale.ROOT),
        unit,
        tags.isEmpty() ? "-" : String.join(", ", tags),
        meaning);
  }
}
