package dev.holdfast.gateway.gzip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** gzip in and out against the JDK's own. */
final class GzipTest {
  private static final int MOST = 100_000;
  private static final byte[] TEXT =
      "who compresses what, and when".getBytes(StandardCharsets.UTF_8);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 512, 513, 4_096, MOST - 1, MOST})
  void inflatesWhatTheJdkDeflates(int length) throws Exception {
    byte[] bytes = half(length);
    assertThat(inflate(gzip(bytes))).isEqualTo(bytes);
    assertThat(inflate(GzipDeflater.ofThread().deflate(bytes, 0, length))).isEqualTo(bytes);
    assertThat(gunzip(GzipDeflater.ofThread().deflate(bytes, 0, length))).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {MOST + 1, 2 * MOST, 50_000_000})
  void inflatesNoMoreThanAllowedWhateverTheRatio(int length) throws Exception {
    GzipException failure = failure(gzip(new byte[length]));
    assertThat(failure.isTooLarge()).isTrue();
    assertThat(failure).hasMessage("more than " + MOST + " bytes when inflated");
  }

  @Test
  void membersTogetherAreNoLongerThanAllowed() throws Exception {
    byte[] half = gzip(new byte[MOST / 2]);
    assertThat(inflate(joined(half, half))).hasSize(MOST);
    assertThat(failure(joined(half, half, gzip(new byte[1]))).isTooLarge()).isTrue();
  }

  @Test
  void membersFollowEachOtherButNotWithoutEnd() throws Exception {
    assertThat(inflate(joined(gzip(TEXT), gzip(new byte[0]), gzip(TEXT))))
        .isEqualTo(joined(TEXT, TEXT));
    byte[] empty = gzip(new byte[0]);
    byte[][] many = new byte[GzipInflater.MOST_MEMBERS + 1][];
    Arrays.fill(many, empty);
    assertThat(failure(joined(many))).hasMessageContaining("members");
  }

  @Test
  void whatIsBehindTheLastMemberIsMalformed() throws Exception {
    assertThat(failure(joined(gzip(TEXT), new byte[1])).isTooLarge()).isFalse();
    assertThat(failure(joined(gzip(TEXT), TEXT))).hasMessage("gzip: no header of it");
  }

  @Test
  void everyCutIsNoticed() throws Exception {
    byte[] whole = gzip(TEXT);
    for (int length = 1; length < whole.length; length++) {
      assertThat(failure(Arrays.copyOf(whole, length)).isTooLarge()).as("" + length).isFalse();
    }
  }

  @Test
  void noChangedByteGoesUnnoticedButThoseOfTimeAndSystem() throws Exception {
    byte[] whole = gzip(TEXT);
    for (int at = 0; at < whole.length; at++) {
      boolean free = at >= 4 && at <= 9;
      byte[] changed = whole.clone();
      changed[at] ^= 0x55;
      if (!free) {
        failure(changed);
      }
    }
  }

  @Test
  void namesCommentsAndExtraFieldsAreSkipped() throws Exception {
    byte[] plain = gzip(TEXT);
    byte[] flagged = Arrays.copyOf(plain, 10);
    flagged[3] = 0x1e;
    byte[] fields = {3, 0, 1, 2, 3, 'a', 0, 'b', 'c', 0, 9, 9};
    byte[] rest = Arrays.copyOfRange(plain, 10, plain.length);
    assertThat(inflate(joined(flagged, fields, rest))).isEqualTo(TEXT);
    assertThat(failure(joined(flagged, Arrays.copyOf(fields, 6)))).hasMessage("gzip: cut");
  }

  @Test
  void streamsAreReadableAfterEachPart() throws Exception {
    GzipStream stream = new GzipStream();
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    int[] lengths = {2_000, 1, 0, 70_000, GzipDeflater.MOST_BYTES + 1, 12};
    for (int length : lengths) {
      byte[] part = half(length);
      plain.write(part);
      sent.write(stream.part(part));
      GZIPInputStream in =
          new GZIPInputStream(new ByteArrayInputStream(sent.toByteArray()), 65_536);
      assertThat(in.readNBytes(plain.size())).isEqualTo(plain.toByteArray());
    }
    sent.write(stream.end(TEXT));
    plain.write(TEXT);
    assertThat(gunzip(sent.toByteArray())).isEqualTo(plain.toByteArray());
    assertThat(gunzip(new GzipStream().end(new byte[0]))).isEmpty();
    assertThat(gunzip(new GzipStream().end(TEXT))).isEqualTo(TEXT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip|true",
        "GZip|true",
        "x-gzip|true",
        "deflate, gzip;q=0.5|true",
        "gzip; q=1.0, identity; q=0.5|true",
        "*|true",
        "*;q=0.1|true",
        "br, identity|false",
        "gzip;q=0|false",
        "gzip;q=0.000, *|false",
        "*;q=0|false",
        "identity, gzip;q=0.5|false",
        "gzip;q=two|false",
        "gzip;q=9|false",
        "gzippy|false",
        "''|false",
      })
  void gzipIsTakenAsTheWeightsSay(String header, boolean taken) {
    assertThat(AcceptEncoding.takesGzip(header)).isEqualTo(taken);
    assertThat(AcceptEncoding.takesGzip(null)).isFalse();
  }

  /** Half of it compresses well. */
  private static byte[] half(int length) {
    byte[] bytes = new byte[length];
    byte[] random = new byte[length / 2];
    new Random(length).nextBytes(random);
    System.arraycopy(random, 0, bytes, length - random.length, random.length);
    return bytes;
  }

  private static byte[] inflate(byte[] bytes) throws GzipException {
    byte[] within = joined(new byte[3], bytes, new byte[2]);
    return GzipInflater.inflate(within, 3, bytes.length, MOST);
  }

  private static GzipException failure(byte[] bytes) {
    GzipException failure = catchThrowableOfType(GzipException.class, () -> inflate(bytes));
    assertThat(failure).isNotNull();
    return failure;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] gunzip(byte[] bytes) throws IOException {
    return new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
