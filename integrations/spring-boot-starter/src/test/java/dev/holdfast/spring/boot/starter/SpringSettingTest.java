package dev.holdfast.spring.boot.starter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.core.Tunable;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Tests that the properties are those that are bound, and that the table in docs/spring.md and the
 * metadata for editors are made from them; {@code -Dholdfast.docs.write} renews both.
 */
class SpringSettingTest {
  private static final String METADATA =
      "integrations/spring-boot-starter/src/main/resources/META-INF/spring-configuration-metadata.json";
  private static final String DOCUMENT = "docs/spring.md";
  private static final String BEGIN = "<!-- generated: spring-properties -->\n";
  private static final String END = "<!-- end: spring-properties -->";

  @Test
  void settingsAreThePropertiesThatAreBound() {
    List<String> bound = new ArrayList<>();
    collect("holdfast", HoldfastProperties.class, bound);
    assertThat(SpringSetting.ALL)
        .extracting(setting -> setting.tunable().key())
        .containsExactlyInAnyOrderElementsOf(bound);
  }

  @Test
  void eachVariableIsSetByItsProperty() {
    HoldfastProperties none = Applications.bound(Map.of());
    assertThat(SpringSetting.environment(none, Map.of("HOLDFAST_ZONE", "a", "OTHER", "b")))
        .isEqualTo(Map.of("HOLDFAST_ZONE", "a", "OTHER", "b"));
    for (SpringSetting setting : SpringSetting.ALL) {
      if (!setting.variable().isEmpty()) {
        HoldfastProperties one = Applications.bound(Map.of(setting.tunable().key(), "set"));
        assertThat(SpringSetting.environment(one, Map.of(setting.variable(), "before")))
            .isEqualTo(Map.of(setting.variable(), "set"));
      }
    }
  }

  @Test
  void metadataForEditorsIsMadeFromTheSettings() throws IOException {
    renewOrCompare(METADATA, metadata());
  }

  @Test
  void tableInTheDocumentIsMadeFromTheSettings() throws IOException {
    String document = Files.readString(root().resolve(DOCUMENT));
    int from = document.indexOf(BEGIN) + BEGIN.length();
    int to = document.indexOf(END);
    assertThat(to).as("the markers in %s", DOCUMENT).isGreaterThanOrEqualTo(from);
    renewOrCompare(DOCUMENT, document.substring(0, from) + table() + document.substring(to));
  }

  private static void renewOrCompare(String file, String generated) throws IOException {
    Path path = root().resolve(file);
    if (Boolean.getBoolean("holdfast.docs.write")) {
      Files.writeString(path, generated);
      return;
    }
    assertThat(Files.readString(path))
        .as("%s drifted; renew it with -Dholdfast.docs.write=true", file)
        .isEqualTo(generated);
  }

  private static String table() {
    return SpringSetting.ALL.stream()
        .map(SpringSetting::tunable)
        .map(
            setting ->
                "| `%s` | %s | %s | %s |\n"
                    .formatted(
                        setting.key(),
                        setting.expected(),
                        setting.defaultText().isEmpty() ? "none" : setting.defaultText(),
                        setting.meaning()))
        .collect(
            Collectors.joining(
                "", "| property | expected | default | meaning |\n|---|---|---|---|\n", ""));
  }

  private static String metadata() {
    return SpringSetting.ALL.stream()
        .map(SpringSettingTest::property)
        .collect(
            Collectors.joining(
                ",\n    ", "{\n  \"groups\": [],\n  \"properties\": [\n    ", "\n  ]\n}\n"));
  }

  private static String property(SpringSetting setting) {
    Tunable tunable = setting.tunable();
    JsonTextWriter json = new JsonTextWriter().object().with("name", tunable.key());
    String type = setting.type().getName();
    json.with(
        "type", setting.type() == Map.class ? type + "<java.lang.String,java.lang.String>" : type);
    boolean isLiteral = !tunable.defaultText().isEmpty() && !tunable.defaultText().contains("`");
    String range = " Expected: " + tunable.expected() + ".";
    String standard =
        isLiteral || tunable.defaultText().isEmpty()
            ? ""
            : " Default: " + tunable.defaultText() + ".";
    json.with("description", (tunable.meaning() + range + standard).replace("`", ""));
    if (isLiteral) {
      json.with("defaultValue", tunable.defaultText());
    }
    return json.endObject().toString();
  }

  private static void collect(String prefix, Class<?> type, List<String> bound) {
    for (RecordComponent component : type.getRecordComponents()) {
      String name =
          prefix + "." + component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
      if (component.getType().isRecord()) {
        collect(name, component.getType(), bound);
      } else {
        bound.add(name);
      }
    }
  }

  private static Path root() {
    return Path.of(System.getProperty("holdfast.root"));
  }
}
