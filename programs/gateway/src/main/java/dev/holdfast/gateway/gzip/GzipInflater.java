package dev.holdfast.gateway.gzip;

import dev.holdfast.core.annotation.Limit;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decompressor of whole gzip messages: any number of members, and nothing behind them. The output
 * size is checked while it grows, which protects from decompression bombs.
 *
 * <p>Each thread has one native inflater, which is reset after each message.
 */
public final class GzipInflater {
  @Limit(
      of = "members of gzip that one compressed message has",
      then = "it is refused as malformed")
  static final int MOST_MEMBERS = 1_000;

  private static final byte[] NOTHING = {};
  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;
  private static final int MAGIC_1 = 0x1f;
  private static final int MAGIC_2 = 0x8b;
  private static final int DEFLATE = 8;
  private static final int FLAG_HEADER_CRC = 0x02;
  private static final int FLAG_EXTRA = 0x04;
  private static final int FLAG_NAME = 0x08;
  private static final int FLAG_COMMENT = 0x10;
  private static final int FLAGS_RESERVED = 0xe0;
  private static final int FIRST_ROOM = 512;
  private static final int LIKELY_RATIO = 4;

  private static final FastThreadLocal<Inflater> INFLATER =
      new FastThreadLocal<>() {
        @Override
        protected Inflater initialValue() {
          return new Inflater(true);
        }

        @Override
        protected void onRemoval(Inflater value) {
          value.end();
        }
      };

  private final byte[] in;
  private final int end;
  private final int maxBytes;
  private int at;
  private byte[] out = NOTHING;
  private int size;

  private GzipInflater(byte[] in, int offset, int length, int maxBytes) {
    this.in = in;
    this.at = offset;
    this.end = offset + length;
    this.maxBytes = maxBytes;
  }

  /**
   * Inflates bytes to a new array of exact length. Empty input is an empty message.
   *
   * @throws GzipException when the input is malformed or truncated, or the output exceeds the limit
   */
  public static byte[] inflate(byte[] in, int offset, int length, int maxBytes)
      throws GzipException {
    GzipInflater message = new GzipInflater(in, offset, length, maxBytes);
    Inflater inflater = INFLATER.get();
    try {
      for (int members = 0; message.at < message.end; members++) {
        if (members == MOST_MEMBERS) {
          throw GzipException.malformed("more than " + MOST_MEMBERS + " members");
        }
        message.member(inflater);
      }
    } finally {
      // Also lets go of the input.
      inflater.reset();
    }
    return message.size == message.out.length
        ? message.out
        : Arrays.copyOf(message.out, message.size);
  }

  private void member(Inflater inflater) throws GzipException {
    header();
    int first = size;
    inflater.reset();
    inflater.setInput(in, at, end - at);
    while (!inflater.finished()) {
      int more = body(inflater);
      size += more;
      if (more == 0 && !inflater.finished()) {
        throw GzipException.malformed("cut");
      }
    }
    if (size > maxBytes) {
      throw GzipException.tooLarge(maxBytes);
    }
    at = end - inflater.getRemaining();
    require(TRAILER_BYTES);
    CRC32 checksum = new CRC32();
    checksum.update(out, first, size - first);
    boolean right = number(at) == (int) checksum.getValue() && number(at + 4) == size - first;
    if (!right) {
      throw GzipException.malformed("wrong checksum or length");
    }
    at += TRAILER_BYTES;
  }

  private int body(Inflater inflater) throws GzipException {
    if (size == out.length) {
      grow();
    }
    try {
      return inflater.inflate(out, size, out.length - size);
    } catch (DataFormatException e) {
      throw GzipException.malformed(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Grows the output to at most one byte beyond the limit. The extra byte shows that the limit is
   * exceeded.
   */
  private void grow() throws GzipException {
    if (out.length > maxBytes) {
      throw GzipException.tooLarge(maxBytes);
    }
    long wanted =
        out.length == 0 ? Math.max(FIRST_ROOM, LIKELY_RATIO * (long) (end - at)) : 2L * out.length;
    out = Arrays.copyOf(out, (int) Math.min(wanted, maxBytes + 1L));
  }

  private void header() throws GzipException {
    require(HEADER_BYTES);
    boolean gzip =
        (in[at] & 0xFF) == MAGIC_1 && (in[at + 1] & 0xFF) == MAGIC_2 && in[at + 2] == DEFLATE;
    int flags = in[at + 3];
    if (!gzip || (flags & FLAGS_RESERVED) != 0) {
      throw GzipException.malformed("no header of it");
    }
    at += HEADER_BYTES;
    if ((flags & FLAG_EXTRA) != 0) {
      require(2);
      skip(2 + ((in[at] & 0xFF) | (in[at + 1] & 0xFF) << 8));
    }
    if ((flags & FLAG_NAME) != 0) {
      skipText();
    }
    if ((flags & FLAG_COMMENT) != 0) {
      skipText();
    }
    if ((flags & FLAG_HEADER_CRC) != 0) {
      skip(2);
    }
  }

  private void skip(int bytes) throws GzipException {
    require(bytes);
    at += bytes;
  }

  private void skipText() throws GzipException {
    do {
      require(1);
      at++;
    } while (in[at - 1] != 0);
  }

  private void require(int bytes) throws GzipException {
    if (end - at < bytes) {
      throw GzipException.malformed("cut");
    }
  }

  private int number(int from) {
    return (in[from] & 0xFF)
        | (in[from + 1] & 0xFF) << 8
        | (in[from + 2] & 0xFF) << 16
        | (in[from + 3] & 0xFF) << 24;
  }
}
