package dev.holdfast.bench.soak;

import java.util.Locale;

/**
 * What the applications of one client process have seen, as one line of text.
 *
 * @param sent messages that they sent
 * @param taken messages that they took
 * @param missing messages sent or announced that they have no answer of; a subscription whose last
 *     message has not come counts as one
 * @param duplicated messages that came again
 * @param reordered messages that came before one that was to be first
 * @param ended streams that ended before their application wanted it, or not with OK
 * @param open streams that have not ended
 * @param cause one of these ends or faults, for people
 */
record SoakCounts(
    long sent,
    long taken,
    long missing,
    long duplicated,
    long reordered,
    long ended,
    long open,
    String cause) {
  static final SoakCounts NONE = new SoakCounts(0, 0, 0, 0, 0, 0, 0, "");

  private static final int WORDS = 8;

  SoakCounts plus(SoakCounts other) {
    return new SoakCounts(
        sent + other.sent,
        taken + other.taken,
        missing + other.missing,
        duplicated + other.duplicated,
        reordered + other.reordered,
        ended + other.ended,
        open + other.open,
        cause.isEmpty() ? other.cause : cause);
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%d %d %d %d %d %d %d %s",
        sent,
        taken,
        missing,
        duplicated,
        reordered,
        ended,
        open,
        cause.replace('\n', ' '));
  }

  static SoakCounts parse(String line) {
    String[] words = line.split(" ", WORDS);
    long[] numbers = new long[WORDS - 1];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Long.parseLong(words[i]);
    }
    return new SoakCounts(
        numbers[0],
        numbers[1],
        numbers[2],
        numbers[3],
        numbers[4],
        numbers[5],
        numbers[6],
        words.length < WORDS ? "" : words[WORDS - 1]);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "sent %d, taken %d, twice %d, out of order %d, ended %d%s",
        sent,
        taken,
        duplicated,
        reordered,
        ended,
        cause.isEmpty() ? "" : " (" + cause + ")");
  }
}
