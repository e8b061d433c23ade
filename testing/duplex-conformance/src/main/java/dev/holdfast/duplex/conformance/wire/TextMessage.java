package dev.holdfast.duplex.conformance.wire;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The message of all scenarios, a {@code google.protobuf.BytesValue} with a text. Text up to the
 * first dot is its name; dots fill it up to a size.
 */
public final class TextMessage {
  private TextMessage() {}

  /** The bytes of a message with a text. */
  public static byte[] encode(String text) {
    return new WireFields().put(1, text.getBytes(StandardCharsets.UTF_8)).encode();
  }

  /**
   * The text of a message; in sharp brackets why the bytes are none. A header of another session is
   * an unknown field, which a protobuf parser skips.
   */
  public static String decode(byte[] message) {
    try {
      byte[] fields = message;
      while (WireFrame.isHeaded(fields)) {
        fields = WireFrame.parse(fields).body();
      }
      byte[] text = WireFields.decode(fields, Set.of(1), 1).bytes(1);
      return new String(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "<" + e.getMessage() + ">";
    }
  }

  /** A name with dots up to a size in bytes. */
  public static String filled(String name, int size) {
    return name + ".".repeat(Math.max(0, size - name.length()));
  }

  /** The text up to its first dot. */
  public static String name(String text) {
    int dot = text.indexOf('.');
    return dot < 0 ? text : text.substring(0, dot);
  }
}
