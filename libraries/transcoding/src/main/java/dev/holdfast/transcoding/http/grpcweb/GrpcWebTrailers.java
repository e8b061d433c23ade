package dev.holdfast.transcoding.http.grpcweb;

import dev.holdfast.transcoding.http.EnvelopeReader;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Encoder of trailers as the last frame of a gRPC-Web body: a block of header lines with a flag.
 *
 * <p>A trailers-only response has its status in the HTTP headers and no body, so it has no such
 * frame.
 */
public final class GrpcWebTrailers {
  /** The flag of the frame. */
  public static final int FLAG = 0x80;

  private GrpcWebTrailers() {}

  /**
   * The frame of some trailers. Names become lower case, and line breaks in values are neutralized.
   */
  public static byte[] frame(Iterable<? extends Map.Entry<String, String>> trailers) {
    StringBuilder block = new StringBuilder();
    for (Map.Entry<String, String> trailer : trailers) {
      block
          .append(trailer.getKey().toLowerCase(Locale.ROOT))
          .append(": ")
          .append(trailer.getValue().replace('\r', ' ').replace('\n', ' '))
          .append("\r\n");
    }
    byte[] bytes = block.toString().getBytes(StandardCharsets.ISO_8859_1);
    return EnvelopeReader.envelope(FLAG, bytes, 0, bytes.length);
  }

  /** The trailers in a frame's content, in their order; lines without a colon are ignored. */
  public static List<Map.Entry<String, String>> parse(byte[] content, int offset, int length) {
    List<Map.Entry<String, String>> trailers = new ArrayList<>();
    String block = new String(content, offset, length, StandardCharsets.ISO_8859_1);
    block
        .lines()
        .forEach(
            line -> {
              int colon = line.indexOf(':');
              if (colon > 0) {
                trailers.add(
                    new SimpleImmutableEntry<>(
                        line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip()));
              }
            });
    return trailers;
  }
}
