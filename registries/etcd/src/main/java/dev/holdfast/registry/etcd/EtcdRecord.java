package dev.holdfast.registry.etcd;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The value of a record: what Go's {@code naming/endpoints} writes, and an object of our own in it.
 *
 * <pre>{@code
 * {"Op":0,"Addr":"10.0.0.7:50051","Metadata":null,"Holdfast":{"instance":"..","zone":"..", ..}}
 * }</pre>
 *
 * <p>{@code MetadataMapping} stays null, because grpc-go compares addresses with {@code ==} and
 * panics on an object there (etcd#19700); Go ignores the field it doesn't know. Reading is
 * tolerant: any Metadata, unknown fields, a bare {@code host:port}.
 */
final class EtcdRecord {
  private static final JsonFactory JSON = new JsonFactory();

  @Limit(of = "characters of a malformed record in an error", then = "the rest is left out")
  private static final int MAX_SHOWN = 60;

  private EtcdRecord() {}

  /** The result of decoding a value: an endpoint, an empty value or a foreign one. */
  sealed interface DecodedValue {}

  /** A value that holds a valid endpoint. */
  record EndpointValue(Endpoint endpoint) implements DecodedValue {}

  /** An empty value: some writers clear a value before they delete the key. */
  record EmptyValue() implements DecodedValue {}

  /** A value that is not a record of a known format, with the reason. */
  record MalformedValue(String reason) implements DecodedValue {}

  static ByteString encode(Endpoint endpoint) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(192);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeNumberField("Op", 0);
      json.writeStringField("Addr", endpoint.address().toString());
      json.writeNullField("Metadata");
      json.writeObjectFieldStart("Holdfast");
      json.writeStringField("instance", endpoint.instance());
      json.writeStringField("zone", endpoint.zone());
      json.writeNumberField("weight", endpoint.weight());
      json.writeBooleanField("ready", endpoint.ready());
      json.writeBooleanField("draining", endpoint.draining());
      json.writeObjectFieldStart("metadata");
      for (Map.Entry<String, String> entry : endpoint.metadata().entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return ByteString.copyFrom(bytes.toByteArray());
  }

  static DecodedValue decode(ByteString value) {
    String text = value.toStringUtf8().strip();
    if (text.isEmpty()) {
      return new EmptyValue();
    }
    try {
      char first = text.charAt(0);
      if (first == '{') {
        return decodeObject(text);
      }
      String address = first == '"' ? text.substring(1, Math.max(1, text.length() - 1)) : text;
      return new EndpointValue(Endpoint.of(HostPort.parse(address)));
    } catch (IOException e) {
      return new MalformedValue("not JSON: " + shown(text));
    } catch (IllegalArgumentException e) {
      // Its message would repeat a value of any length.
      return new MalformedValue("no address: " + shown(text));
    }
  }

  private static DecodedValue decodeObject(String text) throws IOException {
    Fields fields = new Fields();
    String address = "";
    try (JsonParser json = JSON.createParser(text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (name.equals("Addr") && value == JsonToken.VALUE_STRING) {
          address = json.getText();
        } else if (name.equals("Metadata") && value == JsonToken.START_OBJECT) {
          readMap(json, fields.foreignMetadata);
        } else if (name.equals("Holdfast") && value == JsonToken.START_OBJECT) {
          readFields(json, fields);
        } else {
          json.skipChildren();
        }
      }
    }
    if (address.isEmpty()) {
      return new MalformedValue("no \"Addr\" in " + shown(text));
    }
    return new EndpointValue(fields.toEndpoint(HostPort.parse(address)));
  }

  private static void readFields(JsonParser json, Fields fields) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      switch (name) {
        case "instance" -> fields.instance = json.getValueAsString("");
        case "zone" -> fields.zone = json.getValueAsString("");
        case "weight" -> fields.weight = json.getValueAsInt(1);
        case "ready" -> fields.ready = json.getValueAsBoolean(true);
        case "draining" -> fields.draining = json.getValueAsBoolean(false);
        case "metadata" -> {
          if (value == JsonToken.START_OBJECT) {
            readMap(json, fields.metadata);
            continue;
          }
        }
        default -> {}
      }
      json.skipChildren();
    }
  }

  /** Keeps what is a plain value; what is nested has no place in an endpoint. */
  private static void readMap(JsonParser json, Map<String, String> target) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
        target.put(name, json.getText());
      } else {
        json.skipChildren();
      }
    }
  }

  private static String shown(String text) {
    String start = text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    // Somebody else's data must not forge log lines.
    return '"' + start.replaceAll("\\p{Cntrl}", "?") + '"';
  }

  private static final class Fields {
    String instance = "";
    String zone = "";
    int weight = 1;
    boolean ready = true;
    boolean draining;
    final Map<String, String> metadata = new TreeMap<>();
    final Map<String, String> foreignMetadata = new TreeMap<>();

    Endpoint toEndpoint(HostPort address) {
      foreignMetadata.putAll(metadata);
      int clamped = Math.min(Math.max(weight, 1), Endpoint.MAX_WEIGHT);
      return new Endpoint(address, instance, zone, clamped, ready, draining, foreignMetadata);
    }
  }
}
