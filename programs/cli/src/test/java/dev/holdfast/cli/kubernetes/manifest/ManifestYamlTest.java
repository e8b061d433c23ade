package dev.holdfast.cli.kubernetes.manifest;

import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.fields;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.items;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.scalar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Fields;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Lines;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Whole;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** A tree of a manifest as plain YAML, and as a template of a chart. */
class ManifestYamlTest {
  private static final Fields TREE =
      fields()
          .with("name", scalar("edge", "{{ .Release.Name }}"))
          .with("count", 2)
          .with("tls", "on", new Condition(false, ".Values.tls"))
          .with("plaintext", true, new Condition(true, "not .Values.tls"))
          .with("text", new Lines("a: b\n\n  c: d\n", ".Values.text"))
          .with("limits", new Whole(Map.of("cpu", "2"), ".Values.limits"))
          .with(
              "list",
              items()
                  .with("--first")
                  .with(fields().with("a", 1).with("b", 2))
                  .with("secret", new Condition(false, ".Values.tls"))
                  .withItemsOf(".Values.more"))
          .with("nested", fields().with("k", "v").withFieldsOf(".Values.labels"))
          .with("none", Map.of());

  @Test
  void plainYamlHasTheValuesAndWhatHolds() {
    assertThat(ManifestYaml.plain(TREE))
        .isEqualTo(
            """
            name: edge
            count: 2
            plaintext: true
            text: |
              a: b

                c: d
            limits:
              cpu: "2"
            list:
              - --first
              - a: 1
                b: 2
            nested:
              k: v
            none: {}
            """);
  }

  @Test
  void templateHasExpressionsInTheirPlaces() {
    assertThat(ManifestYaml.template(TREE))
        .isEqualTo(
            """
            name: {{ .Release.Name }}
            count: 2
            {{- if .Values.tls }}
            tls: "on"
            {{- end }}
            {{- if not .Values.tls }}
            plaintext: true
            {{- end }}
            text: |
              {{- .Values.text | nindent 2 }}
            limits:
              {{- toYaml .Values.limits | nindent 2 }}
            list:
              - --first
              - a: 1
                b: 2
            {{- if .Values.tls }}
              - secret
            {{- end }}
            {{- with .Values.more }}
              {{- toYaml . | nindent 2 }}
            {{- end }}
            nested:
              k: v
            {{- with .Values.labels }}
              {{- toYaml . | nindent 2 }}
            {{- end }}
            none: {}
            """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "No",
        "null",
        "",
        "12",
        "1e3",
        "0.0.0.0:8080",
        "a: b",
        "a #b",
        "- a",
        "-a",
        "~",
        "kubernetes:///prod",
        "--listen",
        "holdfast:0.1",
        "\"quoted\"",
        "back\\slash",
        "*x",
        "y",
        "a:",
        "5m",
        "0x1f",
        "=",
        "2026-11-25",
        "{a}",
        " a",
        "a "
      })
  void aTextIsReadAsTheSameText(String text) {
    Object read =
        new Yaml(new SafeConstructor(new LoaderOptions()))
            .load(ManifestYaml.plain(fields().with("key", text).with("list", List.of(text))));

    assertThat(read).isEqualTo(Map.of("key", text, "list", List.of(text)));
  }

  @Test
  void theFirstFieldHasNoCondition() {
    assertThatThrownBy(() -> fields().with("a", 1, new Condition(true, ".Values.a")))
        .hasMessage("a: first and conditional (expected: one of both)");
  }
}
