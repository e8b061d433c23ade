package dev.holdfast.registry.kubernetes.internal.credentials;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;

/**
 * A field-by-field reader of the API's JSON. Unknown fields are skipped, and null equals absent, as
 * everywhere in the API.
 */
public final class JsonFields {
  @Limit(of = "levels of nesting in JSON of the API", then = "the answer is refused as malformed")
  private static final int MAX_DEPTH = 100;

  @Limit(of = "a text in JSON of the API", then = "the answer is refused as malformed")
  private static final int MAX_TEXT_BYTES = 4 << 20;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_TEXT_BYTES)
                  .build())
          .build();

  private JsonFields() {}

  /**
   * The callback for a field. The parser stands on the field's value, which the callback reads or
   * skips as a whole.
   */
  @FunctionalInterface
  public interface FieldReader {
    void read(String field) throws IOException;
  }

  /** The callback for an element of an array, with the same contract as {@link FieldReader}. */
  @FunctionalInterface
  public interface ElementReader {
    void read() throws IOException;
  }

  public static JsonParser parser(byte[] text, int offset, int length) throws IOException {
    return FACTORY.createParser(text, offset, length);
  }

  /** Reads a whole text that is one object. */
  public static void readWhole(JsonParser json, FieldReader fields) throws IOException {
    json.nextToken();
    readObject(json, fields);
    if (json.nextToken() != null) {
      throw new IOException("text follows the object");
    }
  }

  /** Reads the object on which the parser stands; null has no fields. */
  public static void readObject(JsonParser json, FieldReader fields) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    require(json, JsonToken.START_OBJECT, "an object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      json.nextToken();
      fields.read(field);
    }
  }

  /** Reads the array on which the parser stands; null has no elements. */
  public static void readArray(JsonParser json, ElementReader elements) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    require(json, JsonToken.START_ARRAY, "an array");
    while (json.nextToken() != JsonToken.END_ARRAY) {
      elements.read();
    }
  }

  /** The text on which the parser stands; "" for null. */
  public static String text(JsonParser json) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return "";
    }
    require(json, JsonToken.VALUE_STRING, "a text");
    return json.getText();
  }

  /** The whole number on which the parser stands; the other one for null. */
  public static int number(JsonParser json, int otherwise) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return otherwise;
    }
    require(json, JsonToken.VALUE_NUMBER_INT, "a whole number");
    return json.getIntValue();
  }

  /** The truth on which the parser stands; the other one for null. */
  public static boolean booleanValue(JsonParser json, boolean otherwise) throws IOException {
    JsonToken token = json.currentToken();
    if (token == JsonToken.VALUE_NULL) {
      return otherwise;
    }
    if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
      throw new IOException(json.currentName() + " (expected: true or false)");
    }
    return token == JsonToken.VALUE_TRUE;
  }

  private static void require(JsonParser json, JsonToken expected, String name) throws IOException {
    if (json.currentToken() != expected) {
      throw new IOException(json.currentName() + " (expected: " + name + ")");
    }
  }
}
