package dev.holdfast.transcoding.http.openapi;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes maps, lists, texts, numbers and flags as JSON, up to a size. For one thread. */
final class BoundedJsonWriter {
  private static final JsonFactory JSON = new JsonFactory();

  private final Bounded out;
  private final JsonGenerator generator;

  BoundedJsonWriter(int maxBytes) {
    this.out = new Bounded(maxBytes);
    try {
      this.generator = JSON.createGenerator((OutputStream) out);
    } catch (IOException e) {
      throw inMemory(e);
    }
  }

  /** Begins an object, as the whole or within another one. */
  BoundedJsonWriter begin(String name) {
    try {
      if (!name.isEmpty()) {
        generator.writeFieldName(name);
      }
      generator.writeStartObject();
    } catch (IOException e) {
      throw inMemory(e);
    }
    return this;
  }

  BoundedJsonWriter with(String name, Object value) {
    try {
      generator.writeFieldName(name);
      write(value);
    } catch (IOException e) {
      throw inMemory(e);
    }
    return this;
  }

  BoundedJsonWriter end() {
    try {
      generator.writeEndObject();
    } catch (IOException e) {
      throw inMemory(e);
    }
    return this;
  }

  byte[] toByteArray() {
    try {
      generator.close();
    } catch (IOException e) {
      throw inMemory(e);
    }
    return out.toByteArray();
  }

  private void write(Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      generator.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        generator.writeFieldName(String.valueOf(entry.getKey()));
        write(entry.getValue());
      }
      generator.writeEndObject();
    } else if (value instanceof List<?> list) {
      generator.writeStartArray();
      for (Object item : list) {
        write(item);
      }
      generator.writeEndArray();
    } else if (value instanceof Boolean flag) {
      generator.writeBoolean(flag);
    } else if (value instanceof Integer number) {
      generator.writeNumber(number);
    } else {
      generator.writeString(String.valueOf(value));
    }
  }

  /** A map of names and values in turn, in this order. */
  static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }

  private static UncheckedIOException inMemory(IOException e) {
    return new UncheckedIOException("writing into memory (expected: no failure)", e);
  }

  private static final class Bounded extends ByteArrayOutputStream {
    private final int max;

    Bounded(int max) {
      this.max = max;
    }

    @Override
    public synchronized void write(int b) {
      require(1);
      super.write(b);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      require(length);
      super.write(bytes, offset, length);
    }

    private void require(int more) {
      if (more > max - count) {
        throw new DocumentTooLargeException(max);
      }
    }
  }
}
