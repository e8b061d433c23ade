package dev.holdfast.gateway.http2.hpack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@link HuffmanCode} by the examples of RFC 7541, appendix C, and by what its section 5.2 says.
 */
class HuffmanCodeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          f1e3c2e5f23a6ba0ab90f4ff | www.example.com
          a8eb10649cbf | no-cache
          25a849e95ba97d7f | custom-key
          25a849e95bb8e8b4bf | custom-value
          6402 | 302
          aec3771a4b | private
          d07abe941054d444a8200595040b8166e082a62d1bff | Mon, 21 Oct 2013 20:13:21 GMT
          9d29ad171863c78f0b97c8e9ae82ae43d3 | https://www.example.com
          640eff | 307
          9bd9ab | gzip
          94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007 \
          | foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1
          """)
  void textsOfTheRfc(String encoded, String text) {
    assertThat(decoded(HexFormat.of().parseHex(encoded))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    // The symbol 0 has 13 bits, 1 has 23, 2 has 28, 10 has 30 (RFC 7541, appendix B).
    "ffc7, 0",
    "ffffb1, 1",
    "fffffe2f, 2",
    "fffffff3, 10",
    "ffffffcf, 127",
    "fffffbbf, 255"
  })
  void symbolsOfLongCodes(String encoded, int symbol) {
    byte[] found = decodedBytes(HexFormat.of().parseHex(encoded));
    assertThat(found).containsExactly(symbol);
  }

  @ParameterizedTest
  @CsvSource({
    "18, padding of zeros",
    "1fff, padding of 11 bits",
    "ff, padding of 8 bits",
    "fffffffc, the end of string as the 30 bits of its code and two zeros",
    "ffffffff, the end of string with padding",
    "ffff, a long code that ends early"
  })
  void malformedTexts(String encoded, String why) {
    assertThat(decodedBytes(HexFormat.of().parseHex(encoded))).as(why).isEmpty();
  }

  /** Reads bit by bit, with nothing but prefixes, as the RFC describes it. */
  @Test
  void anyBytesAreWhatAReaderOfSingleBitsFinds() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    SingleBits reference = SingleBits.ofNetty();
    int wellFormed = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] text = new byte[random.nextInt(24)];
      for (int j = 0; j < text.length; j++) {
        boolean usual = random.nextInt(10) > 0;
        text[j] = (byte) (usual ? '0' + random.nextInt(75) : random.nextInt(256));
      }
      byte[] encoded = reference.encode(text);
      if (random.nextInt(3) == 0 && encoded.length > 0) {
        encoded[random.nextInt(encoded.length)] ^= (byte) (1 << random.nextInt(8));
      }
      byte[] expected = reference.decode(encoded);
      wellFormed += expected == null ? 0 : 1;
      byte[] out = new byte[HuffmanCode.maxDecodedLength(encoded.length)];
      int length = HuffmanCode.decode(encoded, 0, encoded.length, out, 0);
      byte[] got = length == HuffmanCode.MALFORMED ? null : Arrays.copyOf(out, length);
      assertThat(got)
          .as("seed %d, %s", seed, HexFormat.of().formatHex(encoded))
          .isEqualTo(expected);
    }
    assertThat(wellFormed).isBetween(150_000, 198_000);
  }

  private static String decoded(byte[] encoded) {
    return new String(decodedBytes(encoded), StandardCharsets.ISO_8859_1);
  }

  /** The decoded text behind some bytes of other text; empty if it is malformed. */
  private static byte[] decodedBytes(byte[] encoded) {
    int from = 3;
    byte[] in = new byte[from + encoded.length + HuffmanCode.maxDecodedLength(encoded.length)];
    System.arraycopy(encoded, 0, in, from, encoded.length);
    int out = from + encoded.length;
    int length = HuffmanCode.decode(in, from, encoded.length, in, out);
    return length == HuffmanCode.MALFORMED
        ? new byte[0]
        : Arrays.copyOfRange(in, out, out + length);
  }
}
