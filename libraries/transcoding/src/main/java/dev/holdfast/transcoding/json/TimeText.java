package dev.holdfast.transcoding.json;

/** Conversion of Timestamps and Durations between numbers and text. */
final class TimeText {
  /** The minimum of a Timestamp, 0001-01-01T00:00:00Z, in seconds since the epoch. */
  static final long FIRST_SECOND = -62135596800L;

  /** The maximum of a Timestamp, 9999-12-31T23:59:59Z, in seconds since the epoch. */
  static final long LAST_SECOND = 253402300799L;

  /** The maximum of a Duration in seconds: 10,000 years of 365.25 days. */
  static final long LONGEST_DURATION_SECONDS = 315576000000L;

  private static final int NANOS_PER_SECOND = 1_000_000_000;
  private static final int SECONDS_PER_DAY = 86_400;
  private static final int DURATION_DIGITS = 12;

  long seconds;
  int nanos;

  private int at;

  static String expected(WellKnown type) {
    return switch (type) {
      case TIMESTAMP -> "a string as 2026-01-31T23:59:59.5Z, years 0001 to 9999";
      case DURATION -> "a string as 1.5s, at most 315576000000 seconds";
      default -> "a string of paths as name,address.zipCode";
    };
  }

  /** Parses RFC 3339; false when the text is malformed or outside the years 0001 to 9999. */
  boolean readTimestamp(byte[] text, int from, int to) {
    if (to - from < "0001-01-01T00:00:00Z".length()) {
      return false;
    }
    int year = digits(text, from, 4);
    int month = digits(text, from + 5, 2);
    int day = digits(text, from + 8, 2);
    int hour = digits(text, from + 11, 2);
    int minute = digits(text, from + 14, 2);
    int second = digits(text, from + 17, 2);
    boolean marks =
        text[from + 4] == '-'
            && text[from + 7] == '-'
            && text[from + 10] == 'T'
            && text[from + 13] == ':'
            && text[from + 16] == ':';
    boolean values =
        year >= 1
            && month >= 1
            && month <= 12
            && day >= 1
            && day <= daysOf(year, month)
            && hour >= 0
            && hour <= 23
            && minute >= 0
            && minute <= 59
            && second >= 0
            && second <= 59;
    at = from + 19;
    if (!marks || !values || !fraction(text, to)) {
      return false;
    }
    int offset = offsetSeconds(text, to);
    seconds =
        daysFromEpoch(year, month, day) * SECONDS_PER_DAY
            + hour * 3600L
            + minute * 60L
            + second
            - offset;
    return at == to && seconds >= FIRST_SECOND && seconds <= LAST_SECOND;
  }

  /**
   * The zone offset in seconds, which must be subtracted. Moves {@link #at} to the end of the text,
   * or not there when the zone is malformed.
   */
  private int offsetSeconds(byte[] text, int to) {
    if (at >= to) {
      at = to + 1;
      return 0;
    }
    byte sign = text[at];
    if (sign == 'Z') {
      at++;
      return 0;
    }
    if ((sign != '+' && sign != '-') || to - at != 6 || text[at + 3] != ':') {
      return 0;
    }
    int hours = digits(text, at + 1, 2);
    int minutes = digits(text, at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
      return 0;
    }
    at = to;
    int offset = hours * 3600 + minutes * 60;
    return sign == '+' ? offset : -offset;
  }

  /** Parses seconds with at most nine decimals and an s; false when malformed or out of range. */
  boolean readDuration(byte[] text, int from, int to) {
    boolean negative = from < to && text[from] == '-';
    int first = negative ? from + 1 : from;
    at = first;
    long whole = 0;
    while (at < to && text[at] >= '0' && text[at] <= '9' && at - first < DURATION_DIGITS) {
      whole = whole * 10 + text[at] - '0';
      at++;
    }
    if (at == first || !fraction(text, to) || at != to - 1 || text[at] != 's') {
      return false;
    }
    seconds = negative ? -whole : whole;
    nanos = negative ? -nanos : nanos;
    return whole <= LONGEST_DURATION_SECONDS;
  }

  /** Parses an optional fraction; false when it has no digits or more than nine. */
  private boolean fraction(byte[] text, int to) {
    nanos = 0;
    if (at >= to || text[at] != '.') {
      return true;
    }
    at++;
    int unit = NANOS_PER_SECOND;
    int first = at;
    while (at < to && text[at] >= '0' && text[at] <= '9') {
      unit /= 10;
      if (unit == 0) {
        return false;
      }
      nanos += (text[at] - '0') * unit;
      at++;
    }
    return at > first;
  }

  private static int digits(byte[] text, int from, int count) {
    int value = 0;
    for (int i = from; i < from + count; i++) {
      if (text[i] < '0' || text[i] > '9') {
        return -1;
      }
      value = value * 10 + text[i] - '0';
    }
    return value;
  }

  private static int daysOf(int year, int month) {
    return switch (month) {
      case 2 -> year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
      case 4, 6, 9, 11 -> 30;
      default -> 31;
    };
  }

  /** The days since 1970-01-01 in the Gregorian calendar, with years counted from March. */
  private static long daysFromEpoch(int year, int month, int day) {
    int years = month <= 2 ? year - 1 : year;
    int era = years / 400;
    int yearOfEra = years - era * 400;
    int dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146097L + dayOfEra - 719468;
  }

  /**
   * Appends the text of a Timestamp without quotes; false when it is outside the years 0001 to
   * 9999.
   */
  static boolean writeTimestamp(long seconds, int nanos, CodecBuffer out) throws CodecException {
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos >= NANOS_PER_SECOND) {
      return false;
    }
    int days = (int) Math.floorDiv(seconds, (long) SECONDS_PER_DAY) + 719468;
    int ofDay = (int) Math.floorMod(seconds, (long) SECONDS_PER_DAY);
    int era = days / 146097;
    int dayOfEra = days - era * 146097;
    int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int fromMarch = (5 * dayOfYear + 2) / 153;
    int day = dayOfYear - (153 * fromMarch + 2) / 5 + 1;
    int month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
    int year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    two(year / 100, '\0', out);
    two(year % 100, '-', out);
    two(month, '-', out);
    two(day, 'T', out);
    two(ofDay / 3600, ':', out);
    two(ofDay / 60 % 60, ':', out);
    two(ofDay % 60, '\0', out);
    decimals(nanos, out);
    out.put((byte) 'Z');
    return true;
  }

  /**
   * Appends the text of a Duration without quotes; false when it is out of range or its signs
   * differ.
   */
  static boolean writeDuration(long seconds, int nanos, CodecBuffer out) throws CodecException {
    boolean range =
        seconds >= -LONGEST_DURATION_SECONDS
            && seconds <= LONGEST_DURATION_SECONDS
            && nanos > -NANOS_PER_SECOND
            && nanos < NANOS_PER_SECOND;
    if (!range || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
      return false;
    }
    if (seconds < 0 || nanos < 0) {
      out.put((byte) '-');
    }
    JsonFormatter.integer(Math.abs(seconds), out);
    decimals(Math.abs(nanos), out);
    out.put((byte) 's');
    return true;
  }

  private static void two(int value, char behind, CodecBuffer out) throws CodecException {
    out.put((byte) ('0' + value / 10));
    out.put((byte) ('0' + value % 10));
    if (behind != 0) {
      out.put((byte) behind);
    }
  }

  /** Appends no decimals, or three, six or nine. */
  private static void decimals(int nanos, CodecBuffer out) throws CodecException {
    if (nanos == 0) {
      return;
    }
    out.put((byte) '.');
    int left = nanos % 1_000_000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
    for (int unit = NANOS_PER_SECOND / 10; left > 0; unit /= 10, left--) {
      out.put((byte) ('0' + nanos / unit % 10));
    }
  }
}
