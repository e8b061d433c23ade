package dev.holdfast.streams.session;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An encoder of frames and handshakes that knows the tables of docs/duplex-v1.md and nothing of the
 * code: what somebody would write who has the document and the vectors only.
 */
final class DuplexDocument {
  private static final Path DOCUMENT =
      Path.of(System.getProperty("holdfast.root", "..")).resolve("docs/duplex-v1.md");
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] KEY = HEX.parseHex("faffffff0f");

  /** The only handshake field that is text. */
  private static final String ADDRESS = "address";

  private static final int BYTES_OF_VARINT = 7;

  private final List<String> lines;
  private final Map<String, Integer> flags;

  private DuplexDocument(List<String> lines) {
    this.lines = lines;
    flags = table("| flag | value | from | meaning |", 0, 1);
  }

  static DuplexDocument read() throws IOException {
    return new DuplexDocument(Files.readAllLines(DOCUMENT));
  }

  /** The names of flags and their values. */
  Map<String, Integer> flags() {
    return flags;
  }

  /**
   * Names and numbers of the fields of a frame's header, a hello, a welcome, a refusal or a
   * hand-over, without the version.
   */
  Map<String, Integer> fields(String kind) {
    Map<String, Integer> fields =
        kind.equals("frame")
            ? table("| no | field | meaning |", 1, 0)
            : table("| " + kind + " | | |", 1, 0);
    fields.remove("version");
    return fields;
  }

  /** The bytes of these fields; a frame without a tag is a body without a header. */
  byte[] encode(String kind, JsonNode said) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean frame = kind.equals("frame");
    if (!frame || said.has("tag")) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      if (!frame) {
        varint(content, 1, 1);
      }
      fields(kind).forEach((name, number) -> write(content, number, name, said.required(name)));
      if (frame) {
        out.writeBytes(KEY);
        out.write(content.size());
      }
      out.writeBytes(content.toByteArray());
    }
    if (said.has("body")) {
      out.writeBytes(HEX.parseHex(said.required("body").textValue()));
    }
    return out.toByteArray();
  }

  private void write(ByteArrayOutputStream out, int number, String name, JsonNode value) {
    if (value.isTextual()) {
      String text = value.textValue();
      bytes(
          out,
          number,
          name.equals(ADDRESS) ? text.getBytes(StandardCharsets.UTF_8) : HEX.parseHex(text));
    } else if (value.isArray()) {
      long sum = 0;
      for (JsonNode flag : value) {
        sum += Objects.requireNonNull(flags.get(flag.textValue()));
      }
      varint(out, number, sum);
    } else {
      varint(out, number, value.isBoolean() ? (value.booleanValue() ? 1 : 0) : value.longValue());
    }
  }

  private static void bytes(ByteArrayOutputStream out, int number, byte[] value) {
    if (value.length > 0) {
      raw(out, number << 3 | 2);
      raw(out, value.length);
      out.writeBytes(value);
    }
  }

  private static void varint(ByteArrayOutputStream out, int number, long value) {
    if (value != 0) {
      raw(out, number << 3);
      raw(out, value);
    }
  }

  private static void raw(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest > 0x7f) {
      out.write((int) (rest & 0x7f) | 0x80);
      rest >>>= BYTES_OF_VARINT;
    }
    out.write((int) rest);
  }

  /** The constants of a client and their values. */
  Map<String, String> constants() {
    Map<String, String> rows = new LinkedHashMap<>();
    for (String[] cells : rows("| constant | value | |")) {
      rows.put(cells[0], cells[1]);
    }
    return rows;
  }

  /** The names of a client's states. */
  List<String> clientStates() {
    return rows("| state | pending | current | |").stream().map(cells -> cells[0]).toList();
  }

  private List<String[]> rows(String heading) {
    List<String[]> rows = new ArrayList<>();
    for (int i = lines.indexOf(heading) + 2; lines.get(i).startsWith("|"); i++) {
      rows.add(lines.get(i).substring(2).split(" *\\| *", -1));
    }
    return rows;
  }

  /** The rows below a heading: what stands in one column to the number in another. */
  private Map<String, Integer> table(String heading, int names, int numbers) {
    Map<String, Integer> rows = new LinkedHashMap<>();
    for (String[] cells : rows(heading)) {
      String[] each = cells[names].split(", ", -1);
      String[] number = cells[numbers].split(", ", -1);
      for (int j = 0; j < each.length; j++) {
        rows.put(each[j], Integer.valueOf(number[j]));
      }
    }
    return rows;
  }
}
