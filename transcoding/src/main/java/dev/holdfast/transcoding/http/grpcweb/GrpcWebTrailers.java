package dev.holdfast.transcoding.http.grpcweb;

import dev.holdfast.transcoding.http.EnvelopeReader;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Trailers as the last frame of a body: a block of header lines behind a flag.
 *
 * <p>An answer that is trailers only has its status in the HTTP headers and no body, so it gets no
 * such frame either.
 */
public final class GrpcWebTrailers {
  /** The flag of the frame. */
  public static final int FLAG = 0x80;

  private GrpcWebTrailers() {}

  /** The frame; names become lower case, and no value can begin a line of its own. */
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

  /** The lines of a frame's content, in their order; what has no colon is left out. */
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
