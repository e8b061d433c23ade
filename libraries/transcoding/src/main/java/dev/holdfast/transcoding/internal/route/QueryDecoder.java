package dev.holdfast.transcoding.internal.route;

import dev.holdfast.transcoding.status.RequestRefusedException;

/** Percent-decoding for callers that parse a query themselves. */
public final class QueryDecoder {
  private QueryDecoder() {}

  /**
   * The decoded text of a part of a raw query; a plus stays a plus.
   *
   * @param what the name of the text in error messages
   * @throws RequestRefusedException 400 for malformed escapes, NUL and invalid UTF-8
   */
  public static String decode(CharSequence query, int from, int to, String what) {
    return PercentDecoding.ALL.decode(query, from, to, what);
  }
}
