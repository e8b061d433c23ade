package dev.holdfast.transcoding.http;

import org.jspecify.annotations.Nullable;

/**
 * How the messages of a server's stream stand in one HTTP body. For one answer and one thread.
 *
 * <p>A failure before the first message is not this class's: the answer then has its HTTP status
 * and an {@link ErrorBody}. A later one is an element ({@code {"error": status}} in lines, an event
 * named {@code error}), or it leaves the body broken: an array without its bracket is no JSON, so
 * nobody takes half of an answer for all of it.
 */
public final class StreamFraming {
  private enum Form {
    LINES("application/x-ndjson"),
    EVENTS("text/event-stream"),
    ARRAY("application/json"),
    RAW(HttpBodies.DEFAULT_CONTENT_TYPE);

    private final String contentType;

    Form(String contentType) {
      this.contentType = contentType;
    }
  }

  /** The end of a body. */
  public static final class End {
    private final byte[] bytes;
    private final boolean whole;

    private End(byte[] bytes, boolean whole) {
      this.bytes = bytes;
      this.whole = whole;
    }

    /** The last bytes of the body, not copied; may be none. */
    public byte[] bytes() {
      return bytes;
    }

    /**
     * Whether the body is complete with them; if not, its stream must be reset, or its connection
     * closed without the last chunk.
     */
    public boolean whole() {
      return whole;
    }
  }

  private static final byte[] NOTHING = {};

  private final Form form;
  private boolean begun;

  private StreamFraming(Form form) {
    this.form = form;
  }

  /** One message per line. */
  public static StreamFraming lines() {
    return new StreamFraming(Form.LINES);
  }

  /** Server-sent events: a message is data, the end an event named {@code end}. */
  public static StreamFraming serverSentEvents() {
    return new StreamFraming(Form.EVENTS);
  }

  /** An array whose elements are the messages. */
  public static StreamFraming jsonArray() {
    return new StreamFraming(Form.ARRAY);
  }

  /** Bodies as they are, one after the other. */
  public static StreamFraming raw() {
    return new StreamFraming(Form.RAW);
  }

  /** The content type of the body; for raw ones that of the first message goes before it. */
  public String contentType() {
    return form.contentType;
  }

  /** The bytes of the next message; line ends in it, which only pretty JSON has, become spaces. */
  public byte[] message(byte[] json, int offset, int length) {
    String before =
        switch (form) {
          case LINES, RAW -> "";
          case EVENTS -> "data: ";
          case ARRAY -> begun ? "," : "[";
        };
    String after =
        switch (form) {
          case LINES -> "\n";
          case EVENTS -> "\n\n";
          case ARRAY, RAW -> "";
        };
    begun = true;
    return framed(before, json, offset, length, after);
  }

  /**
   * The end of the body.
   *
   * @param error the status as {@link ErrorBody} writes it; null when all went well
   */
  public End end(byte @Nullable [] error) {
    if (error == null) {
      return new End(
          switch (form) {
            case LINES, RAW -> NOTHING;
            case EVENTS -> JsonText.utf8("event: end\ndata: {}\n\n");
            case ARRAY -> JsonText.utf8(begun ? "]" : "[]");
          },
          true);
    }
    return switch (form) {
      case LINES -> new End(framed("{\"error\":", error, 0, error.length, "}\n"), true);
      case EVENTS -> new End(framed("event: error\ndata: ", error, 0, error.length, "\n\n"), true);
      case ARRAY, RAW -> new End(NOTHING, false);
    };
  }

  /** Bytes that say nothing but keep the way open; empty where there are none. */
  public byte[] ping() {
    return form == Form.EVENTS ? JsonText.utf8(": ping\n\n") : NOTHING;
  }

  private byte[] framed(String before, byte[] json, int offset, int length, String after) {
    byte[] framed = new byte[before.length() + length + after.length()];
    int at = 0;
    for (int i = 0; i < before.length(); i++) {
      framed[at++] = (byte) before.charAt(i);
    }
    System.arraycopy(json, offset, framed, at, length);
    for (int i = at; i < at + length && form != Form.RAW; i++) {
      if (framed[i] == '\n' || framed[i] == '\r') {
        framed[i] = ' ';
      }
    }
    at += length;
    for (int i = 0; i < after.length(); i++) {
      framed[at++] = (byte) after.charAt(i);
    }
    return framed;
  }
}
