package dev.holdfast.cli.kubernetes.manifest;

import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Fields;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Items;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Lines;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Scalar;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Whole;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Writer of a manifest's tree as YAML in block style: plain, or as a template of a Helm chart.
 * Confined to one thread.
 */
public final class ManifestYaml {
  private static final int STEP = 2;

  /** Texts that every reader of YAML takes for texts without quotes. */
  private static final Pattern UNQUOTED =
      Pattern.compile("(--)?[A-Za-z/][A-Za-z0-9_./@=-]*(:[A-Za-z0-9_./@-]+)*");

  private static final Pattern NO_TEXT = Pattern.compile("(?i)true|false|yes|no|on|off|y|n|null");

  private final boolean template;
  private final StringBuilder out = new StringBuilder();

  private ManifestYaml(boolean template) {
    this.template = template;
  }

  /** The document as YAML, ready for {@code kubectl apply}; ends with a line break. */
  public static String plain(Fields document) {
    return written(document, false);
  }

  /** The document as part of a template of a Helm chart; ends with a line break. */
  public static String template(Fields document) {
    return written(document, true);
  }

  private static String written(Fields document, boolean template) {
    ManifestYaml writer = new ManifestYaml(template);
    writer.fields(document, 0);
    return writer.out.toString();
  }

  private void fields(Fields fields, int indent) {
    for (Fields.Field field : fields.fields()) {
      under(field.condition(), () -> field(field, indent));
    }
  }

  private void under(Condition condition, Runnable part) {
    if (!template) {
      if (condition.holds()) {
        part.run();
      }
      return;
    }
    boolean conditional = !condition.template().isEmpty();
    if (conditional) {
      line(0, "{{- if " + condition.template() + " }}");
    }
    part.run();
    if (conditional) {
      line(0, "{{- end }}");
    }
  }

  private void field(Fields.Field field, int indent) {
    if (field.key().isEmpty()) {
      spliced((Whole) field.node(), indent);
      return;
    }
    String key = scalar(field.key()) + ":";
    ManifestNode node = field.node();
    if (node instanceof Scalar scalar) {
      line(indent, key + " " + text(scalar));
    } else if (node instanceof Lines lines) {
      line(indent, key + " |");
      lines(lines, indent + STEP);
    } else if (node instanceof Whole whole) {
      whole(key, whole, indent);
    } else if (node instanceof Fields nested) {
      if (nested.fields().isEmpty()) {
        line(indent, key + " {}");
        return;
      }
      line(indent, key);
      fields(nested, indent + STEP);
    } else if (node instanceof Items nested) {
      if (nested.items().isEmpty()) {
        line(indent, key + " []");
        return;
      }
      line(indent, key);
      items(nested, indent + STEP);
    }
  }

  private void lines(Lines lines, int indent) {
    if (template) {
      line(indent, "{{- " + lines.expression() + " | nindent " + indent + " }}");
      return;
    }
    lines.plain().lines().forEach(each -> line(each.isEmpty() ? 0 : indent, each));
  }

  private void whole(String key, Whole whole, int indent) {
    if (!template) {
      field(new Fields.Field(key(key), ManifestNode.node(whole.plain()), Condition.ALWAYS), indent);
      return;
    }
    line(indent, key);
    String filter = whole.expression() + " | nindent " + (indent + STEP);
    line(indent + STEP, "{{- toYaml " + filter + " }}");
  }

  private static String key(String written) {
    return written.substring(0, written.length() - 1);
  }

  /** What only users of a chart give: nothing in plain YAML. */
  private void spliced(Whole whole, int indent) {
    if (template) {
      line(0, "{{- with " + whole.expression() + " }}");
      line(indent, "{{- toYaml . | nindent " + indent + " }}");
      line(0, "{{- end }}");
    }
  }

  private void items(Items items, int indent) {
    for (Items.Item item : items.items()) {
      under(item.condition(), () -> item(item.node(), indent));
    }
  }

  private void item(ManifestNode node, int indent) {
    if (node instanceof Whole whole) {
      spliced(whole, indent);
    } else if (node instanceof Scalar scalar) {
      line(indent, "- " + text(scalar));
    } else if (node instanceof Fields fields) {
      int start = out.length();
      fields(fields, indent + STEP);
      out.setCharAt(start + indent, '-');
    } else {
      throw new IllegalArgumentException(
          "item: " + node.getClass().getSimpleName() + " (expected: a value or a map)");
    }
  }

  private String text(Scalar scalar) {
    return template && !scalar.template().isEmpty() ? scalar.template() : scalar(scalar.plain());
  }

  /** A value of YAML; a text has quotes unless nobody can mistake it. */
  private static String scalar(Object value) {
    if (value instanceof Number || value instanceof Boolean) {
      return String.valueOf(value);
    }
    String text = String.valueOf(value);
    boolean clear = UNQUOTED.matcher(text).matches() && !NO_TEXT.matcher(text).matches();
    return clear ? text : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void line(int indent, String text) {
    out.append(" ".repeat(indent)).append(text).append('\n');
  }

  /** Documents one below the other, as kubectl reads them. */
  public static String stream(List<String> documents) {
    return String.join("---\n", documents);
  }

  /** A map as the fields of a document, for what is given as a plain tree. */
  public static String plain(Map<String, Object> document) {
    return plain((Fields) ManifestNode.node(document));
  }
}
