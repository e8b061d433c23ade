package dev.holdfast.bench.sessions;

/**
 * The message counts of devices so far.
 *
 * @param sent messages that they sent
 * @param answered answers that came, each for the first time
 * @param duplicated answers that came again
 * @param reordered answers that came before one that was sent earlier; what is missing at the end
 *     is lost
 * @param ended streams that are no more
 */
record DeliveryCounts(long sent, long answered, long duplicated, long reordered, long ended) {
  static DeliveryCounts parse(String line) {
    String[] words = line.split(" ", -1);
    return new DeliveryCounts(
        Long.parseLong(words[0]),
        Long.parseLong(words[1]),
        Long.parseLong(words[2]),
        Long.parseLong(words[3]),
        Long.parseLong(words[4]));
  }

  DeliveryCounts plus(DeliveryCounts other) {
    return new DeliveryCounts(
        sent + other.sent,
        answered + other.answered,
        duplicated + other.duplicated,
        reordered + other.reordered,
        ended + other.ended);
  }

  String line() {
    return sent + " " + answered + " " + duplicated + " " + reordered + " " + ended;
  }
}
