package dev.holdfast.transcoding.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The framing of a streamed response in one HTTP body. For one response and one thread.
 *
 * <p>A failure before the first message is a response with an HTTP status and an {@link ErrorBody},
 * without this class. A later failure is an element ({@code {"error": status}} in lines, an event
 * named {@code error}), or leaves the body incomplete. An array without its bracket is invalid
 * JSON, so no client takes a partial response for a complete one.
 */
public final class StreamFraming {
  private enum Form {
    LINES("application/x-ndjson"),
    EVENTS("text/event-stream"),
    ARRAY("application/json"),
    RAW(HttpBodyCodec.DEFAULT_CONTENT_TYPE);

    private final String contentType;

    Form(String contentType) {
      this.contentType = contentType;
    }
  }

  /** The end of a body. */
  public static final class BodyEnd {
    private final byte[] bytes;
    private final boolean isComplete;

    private BodyEnd(byte[] bytes, boolean whole) {
      this.bytes = bytes;
      this.isComplete = whole;
    }

    /** The last bytes of the body, not copied; may be empty. */
    public byte[] bytes() {
      return bytes;
    }

    /**
     * Whether these bytes complete the body; if not, the stream must be reset, or the connection
     * closed without the last chunk.
     */
    public boolean isComplete() {
      return isComplete;
    }
  }

  private static final byte[] NOTHING = {};

  private final Form form;
  private boolean begun;

  private StreamFraming(Form form) {
    this.form = form;
  }

  /** NDJSON framing: a line per message. */
  public static StreamFraming lines() {
    return new StreamFraming(Form.LINES);
  }

  /** Server-sent events: a message is an event's data, the end is an event named {@code end}. */
  public static StreamFraming serverSentEvents() {
    return new StreamFraming(Form.EVENTS);
  }

  /** A JSON array whose elements are the messages. */
  public static StreamFraming jsonArray() {
    return new StreamFraming(Form.ARRAY);
  }

  /** HttpBody framing: the bytes of the messages, concatenated. */
  public static StreamFraming raw() {
    return new StreamFraming(Form.RAW);
  }

  /** The content type of the body; for HttpBody the first message's own type takes precedence. */
  public String contentType() {
    return form.contentType;
  }

  /**
   * The framed bytes of the next message. Line breaks, which only pretty-printed JSON has, become
   * spaces.
   */
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
   * @param error the status as {@link ErrorBody} writes it; null on success
   */
  public BodyEnd end(byte @Nullable [] error) {
    if (error == null) {
      return new BodyEnd(
          switch (form) {
            case LINES, RAW -> NOTHING;
            case EVENTS -> "event: end\ndata: {}\n\n".getBytes(StandardCharsets.UTF_8);
            case ARRAY -> (begun ? "]" : "[]").getBytes(StandardCharsets.UTF_8);
          },
          true);
    }
    return switch (form) {
      case LINES -> new BodyEnd(framed("{\"error\":", error, 0, error.length, "}\n"), true);
      case EVENTS ->
          new BodyEnd(framed("event: error\ndata: ", error, 0, error.length, "\n\n"), true);
      case ARRAY, RAW -> new BodyEnd(NOTHING, false);
    };
  }

  /** The bytes of a keepalive; empty where the framing has none. */
  public byte[] ping() {
    return form == Form.EVENTS ? ": ping\n\n".getBytes(StandardCharsets.UTF_8) : NOTHING;
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
