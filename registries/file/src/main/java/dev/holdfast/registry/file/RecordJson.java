package dev.holdfast.registry.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The text of a record: JSON that a person can read and write.
 *
 * <p>Only {@code address} is required. Unknown fields are skipped, so that older programs read what
 * newer ones write.
 */
final class RecordJson {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private @Nullable HostPort address;
  private String instance = "";
  private String zone = "";
  private int weight = 1;
  private boolean ready = true;
  private boolean draining;
  private Map<String, String> metadata = Map.of();
  private long generation;
  private @Nullable RecordOwner recordOwner;

  private RecordJson() {}

  /** Writes a record as JSON. The time is for human readers; no decision depends on it. */
  static byte[] write(FileRecord record, Instant written) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      json.writeStartObject();
      writeEndpoint(json, record.endpoint());
      json.writeNumberField("generation", record.generation());
      RecordOwner recordOwner = record.owner();
      if (recordOwner != null) {
        json.writeObjectFieldStart("owner");
        json.writeNumberField("pid", recordOwner.pid());
        json.writeNumberField("started", recordOwner.started());
        json.writeStringField("boot", recordOwner.bootId());
        json.writeStringField("space", recordOwner.namespaceIds());
        json.writeNumberField("ttlMillis", recordOwner.ttlMillis());
        json.writeEndObject();
      }
      json.writeStringField("written", written.toString());
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void writeEndpoint(JsonGenerator json, Endpoint endpoint) throws IOException {
    json.writeStringField("address", endpoint.address().toString());
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
  }

  /**
   * Parses the text of a record file.
   *
   * @throws MalformedFileException with the reason, when the text is not a valid record
   */
  static FileRecord read(byte[] text) throws MalformedFileException {
    try (JsonParser json = FACTORY.createParser(text)) {
      RecordJson parsed = new RecordJson();
      parsed.readRecord(json);
      if (json.nextToken() != null) {
        throw new MalformedFileException("text follows the record");
      }
      return parsed.toRecord();
    } catch (IOException | IllegalArgumentException e) {
      throw new MalformedFileException(firstLine(e.getMessage()), e);
    }
  }

  private void readRecord(JsonParser json) throws IOException, MalformedFileException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedFileException("not a JSON object");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "address" -> address = HostPort.parse(text(json, field));
        case "instance" -> instance = text(json, field);
        case "zone" -> zone = text(json, field);
        case "weight" -> weight = weight(number(json, field));
        case "ready" -> ready = truth(json, field);
        case "draining" -> draining = truth(json, field);
        case "metadata" -> metadata = texts(json, field);
        case "generation" -> generation = number(json, field);
        case "owner" -> recordOwner = readOwner(json);
        default -> json.skipChildren();
      }
    }
  }

  private static RecordOwner readOwner(JsonParser json) throws IOException, MalformedFileException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw expected("owner", "an object");
    }
    long pid = 0;
    long started = 0;
    long ttlMillis = 0;
    String boot = "";
    String space = "";
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "pid" -> pid = number(json, field);
        case "started" -> started = number(json, field);
        case "boot" -> boot = text(json, field);
        case "space" -> space = text(json, field);
        case "ttlMillis" -> ttlMillis = number(json, field);
        default -> json.skipChildren();
      }
    }
    if (pid < 1 || ttlMillis < 1) {
      throw expected("owner", "a pid and ttlMillis, both >= 1");
    }
    return new RecordOwner(pid, started, boot, space, ttlMillis);
  }

  private FileRecord toRecord() throws MalformedFileException {
    if (address == null) {
      throw expected("address", "host:port");
    }
    return new FileRecord(
        new Endpoint(address, instance, zone, weight, ready, draining, metadata),
        generation,
        recordOwner);
  }

  private static String text(JsonParser json, String field)
      throws IOException, MalformedFileException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw expected(field, "text");
    }
    return json.getText();
  }

  private static long number(JsonParser json, String field)
      throws IOException, MalformedFileException {
    if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw expected(field, "a whole number");
    }
    return json.getLongValue();
  }

  private static int weight(long number) throws MalformedFileException {
    if (number < 1 || number > Endpoint.MAX_WEIGHT) {
      throw new MalformedFileException(
          "weight: " + number + " (expected: 1 to " + Endpoint.MAX_WEIGHT + ")");
    }
    return (int) number;
  }

  private static boolean truth(JsonParser json, String field) throws MalformedFileException {
    if (json.currentToken() != JsonToken.VALUE_TRUE
        && json.currentToken() != JsonToken.VALUE_FALSE) {
      throw expected(field, "true or false");
    }
    return json.currentToken() == JsonToken.VALUE_TRUE;
  }

  private static Map<String, String> texts(JsonParser json, String field)
      throws IOException, MalformedFileException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw expected(field, "an object of texts");
    }
    Map<String, String> texts = new TreeMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      texts.put(key, text(json, field + "." + key));
    }
    return texts;
  }

  private static MalformedFileException expected(String field, String expected) {
    return new MalformedFileException(field + " (expected: " + expected + ")");
  }

  // Jackson appends where in the source it was, over several lines and in its own words.
  private static String firstLine(@Nullable String message) {
    String line = message == null ? "" : message.lines().findFirst().orElse("");
    int source = line.indexOf(" (start marker at");
    return source < 0 ? line : line.substring(0, source);
  }
}
