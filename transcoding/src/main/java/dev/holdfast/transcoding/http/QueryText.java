package dev.holdfast.transcoding.http;

/** Percent-decoding for those who read a query by themselves. */
public final class QueryText {
  private QueryText() {}

  /**
   * The text of a part of a raw query; a plus stays one.
   *
   * @param what what messages call it
   * @throws RequestRefusedException 400 for escapes that are none, NUL, and what is no UTF-8
   */
  public static String decode(CharSequence query, int from, int to, String what) {
    return PercentDecoding.ALL.decode(query, from, to, what);
  }
}
