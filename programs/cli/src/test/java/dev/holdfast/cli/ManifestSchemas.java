package dev.holdfast.cli;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What the API would say of manifests: each document is held against the schema of its kind, which
 * stands beside the tests.
 */
final class ManifestSchemas {
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

  private static final Map<String, JsonSchema> SCHEMAS = new HashMap<>();

  private ManifestSchemas() {}

  /** The documents of a YAML text. */
  static List<Map<String, Object>> documents(String yaml) {
    List<Map<String, Object>> documents = new ArrayList<>();
    for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml)) {
      documents.add(object(document));
    }
    return documents;
  }

  /** Everything that is wrong with a YAML text; nothing when kubectl would take it. */
  static List<String> violations(String yaml) throws IOException {
    List<String> violations = new ArrayList<>();
    // Documents begin at a line of their own, so a plain split gives their text.
    for (String document : yaml.split("(?m)^---\n", -1)) {
      String kind = String.valueOf(documents(document).get(0).get("kind"));
      JsonSchema schema = schema(kind);
      if (schema == null) {
        violations.add(kind + ": no schema");
        continue;
      }
      for (ValidationMessage message : schema.validate(document, InputFormat.YAML)) {
        violations.add(kind + ": " + message.getMessage());
      }
    }
    return violations;
  }

  private static synchronized @Nullable JsonSchema schema(String kind) throws IOException {
    JsonSchema known = SCHEMAS.get(kind);
    if (known != null) {
      return known;
    }
    try (InputStream in =
        ManifestSchemas.class.getResourceAsStream("kubernetes/" + kind + ".json")) {
      if (in == null) {
        return null;
      }
      JsonSchema schema = FACTORY.getSchema(in);
      SCHEMAS.put(kind, schema);
      return schema;
    }
  }

  /** A value within a document, by its path: {@code spec.template.spec}; numbers index lists. */
  static Object at(Map<String, Object> document, String path) {
    Object value = document;
    for (String step : path.split("\\.", -1)) {
      value =
          value instanceof List<?> list
              ? list.get(Integer.parseInt(step))
              : object(value).get(step);
      if (value == null) {
        throw new AssertionError("no " + path + " in " + document);
      }
    }
    return value;
  }

  @SuppressWarnings("unchecked") // keys of YAML that we wrote are texts
  private static Map<String, Object> object(Object value) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new AssertionError(value + " (expected: an object)");
  }
}
