package dev.holdfast.bench.gateway;

import dev.holdfast.bench.run.Sample;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** Histograms of the latency of calls, in nanoseconds, and their text form between processes. */
final class Latencies {
  /** The longest latency that is told apart; longer ones count as this. */
  static final long HIGHEST_NANOS = TimeUnit.SECONDS.toNanos(120);

  private static final long LOWEST_NANOS = 1_000;
  private static final int DIGITS = 3;
  private static final double NANOS_PER_MICRO = 1e3;

  private Latencies() {}

  /** A histogram without values, of microseconds or three significant digits. */
  static Histogram empty() {
    return new Histogram(LOWEST_NANOS, HIGHEST_NANOS, DIGITS);
  }

  /** The histogram of a sample in microseconds. */
  static Histogram ofMicros(Sample micros) {
    Histogram histogram = empty();
    micros.forEach(
        value ->
            histogram.recordValue(Math.min(HIGHEST_NANOS, Math.round(value * NANOS_PER_MICRO))));
    return histogram;
  }

  /** The 99th percentile, in microseconds. */
  static double p99Micros(Histogram nanos) {
    return nanos.getValueAtPercentile(99) / NANOS_PER_MICRO;
  }

  /** HdrHistogram's compressed form in Base64. */
  static String encode(Histogram histogram) {
    ByteBuffer bytes = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(bytes);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes.array(), length));
  }

  /**
   * The histogram of what {@link #encode} returned.
   *
   * @throws IllegalArgumentException when it is no such text
   */
  static Histogram decode(String text) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text));
      return Histogram.decodeFromCompressedByteBuffer(bytes, HIGHEST_NANOS);
    } catch (DataFormatException e) {
      throw new IllegalArgumentException("histogram: " + text + " (expected: Base64 of one)", e);
    }
  }
}
