package dev.holdfast.duplex.conformance.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The body of a FINAL frame: the description of the status and its trailers. */
public final class FinalBody {
  private FinalBody() {}

  /** The bytes of a description and ASCII trailers. */
  public static byte[] encode(String description, Map<String, String> trailers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new WireFields().put(1, utf8(description)).encode());
    trailers.forEach(
        (key, value) ->
            out.writeBytes(
                new WireFields()
                    .put(2, new WireFields().put(1, utf8(key)).put(2, utf8(value)).encode())
                    .encode()));
    return out.toByteArray();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
