package dev.holdfast.bench;

/**
 * The message counts of devices so far.
 *
 * @param sent messages that they sent
 * @param heard answers that came, each for the first time
 * @param duplicated answers that came again
 * @param reordered answers that came before one that was sent earlier; what is missing at the end
 *     is lost
 * @param ended streams that are no more
 */
record DeviceCount(long sent, long heard, long duplicated, long reordered, long ended) {
  static DeviceCount parse(String line) {
    String[] words = line.split(" ", -1);
    return new DeviceCount(
        Long.parseLong(words[0]),
        Long.parseLong(words[1]),
        Long.parseLong(words[2]),
        Long.parseLong(words[3]),
        Long.parseLong(words[4]));
  }

  DeviceCount plus(DeviceCount other) {
    return new DeviceCount(
        sent + other.sent,
        heard + other.heard,
        duplicated + other.duplicated,
        reordered + other.reordered,
        ended + other.ended);
  }

  String line() {
    return sent + " " + heard + " " + duplicated + " " + reordered + " " + ended;
  }
}
