package dev.holdfast.streams.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.StringValue;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class FrameHeaderPropertiesTest {
  private static final byte[] KEY = FrameHeader.control(1, 0, 0, 0).toByteArray();
  private static final int KEY_LENGTH = 5;

  @Provide
  static Arbitrary<FrameHeader> headers() {
    Arbitrary<Long> positions =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(1, Arbitraries.just(0L)),
            net.jqwik.api.Tuple.of(3, Arbitraries.longs().between(0, Long.MAX_VALUE)));
    Arbitrary<Long> tags = Arbitraries.longs().between(1, FrameHeader.HIGHEST_TAG);
    Arbitrary<Integer> flags = Arbitraries.integers().between(0, Flag.ALL);
    Arbitrary<Integer> statuses = Arbitraries.integers().between(0, 16);
    return Combinators.combine(
            tags, positions, positions, positions, flags, positions, statuses, positions)
        .as(FrameHeader::new);
  }

  @Property
  void anyHeaderIsReadAsItWasWritten(
      @ForAll("headers") FrameHeader header, @ForAll byte[] body, @ForAll @IntRange(max = 9) int at)
      throws WireException {
    byte[] message = new byte[at + header.sizeBytes() + body.length];
    int behind = header.writeTo(message, at);
    System.arraycopy(body, 0, message, behind, body.length);

    FrameHeader read = FrameHeader.parse(message, at, message.length - at);

    assertThat(read).isEqualTo(header);
    assertThat(behind - at)
        .isEqualTo(header.sizeBytes())
        .isLessThanOrEqualTo(FrameHeader.LARGEST_HEADER_BYTES);
    assertThat(header.sizeBytes()).isEqualTo(header.toByteArray().length);
  }

  @Property
  void aGeneratedParserKeepsItAsAnUnknownField(
      @ForAll("headers") FrameHeader header, @ForAll String text) throws Exception {
    StringValue plain = StringValue.of(text.replace("\ud800", "?"));
    byte[] body = plain.toByteArray();
    ByteString message =
        ByteString.copyFrom(header.toByteArray()).concat(ByteString.copyFrom(body));

    StringValue parsed = StringValue.parseFrom(message);

    assertThat(parsed.getValue()).isEqualTo(plain.getValue());
    assertThat(parsed.getUnknownFields().asMap()).containsOnlyKeys(FrameHeader.FIELD_NUMBER);
    byte[] forwarded = parsed.toByteArray();
    assertThat(forwarded).hasSize(message.size());
  }

  @Property
  void garbageIsNoHeaderOrRefused(@ForAll byte[] garbage) {
    assertThat(refusedOrParsed(garbage)).isTrue();
  }

  @Property
  void garbageBehindTheKeyIsAHeaderOrRefused(@ForAll byte[] garbage) {
    byte[] message = Arrays.copyOf(KEY, KEY_LENGTH + garbage.length);
    System.arraycopy(garbage, 0, message, KEY_LENGTH, garbage.length);

    assertThat(refusedOrParsed(message)).isTrue();
  }

  @Property
  void oneChangedByteIsAnotherHeaderOrRefused(
      @ForAll("headers") FrameHeader header,
      @ForAll byte change,
      @ForAll @IntRange(max = 85) int at)
      throws WireException {
    byte[] message = header.toByteArray();
    message[at % message.length] = change;
    FrameHeader read;
    try {
      read = FrameHeader.parse(message, 0, message.length);
    } catch (WireException e) {
      return;
    }
    // One spelling: whatever is read is written the same way again.
    if (read != null) {
      assertThat(read.toByteArray()).isEqualTo(Arrays.copyOf(message, read.sizeBytes()));
    }
  }

  @Property
  void aHeaderThatIsCutIsRefused(
      @ForAll("headers") FrameHeader header, @ForAll @IntRange(min = 5, max = 85) int kept) {
    byte[] whole = header.toByteArray();
    byte[] cut = Arrays.copyOf(whole, Math.min(kept, whole.length - 1));

    assertThatThrownBy(() -> FrameHeader.parse(cut, 0, cut.length))
        .isInstanceOf(WireException.class)
        .hasMessageStartingWith("TRUNCATED");
  }

  @Example
  void aHeaderOfThreeBytesCostsNine() {
    assertThat(new FrameHeader(0x7f, 0, 0, 0, 0, 0, 0, 0).sizeBytes()).isEqualTo(6 + 2);
    assertThat(new FrameHeader(0x80, 0, 0, 0, 0, 0, 0, 0).sizeBytes()).isEqualTo(9);
  }

  @Example
  void aRefusalCarriesNoStackTrace() {
    byte[] endless = Arrays.copyOf(KEY, 6);
    endless[5] = 0x7f;

    assertThatThrownBy(() -> FrameHeader.parse(endless, 0, endless.length))
        .isInstanceOf(WireException.class)
        .satisfies(e -> assertThat(e.getStackTrace()).isEmpty());
  }

  private static boolean refusedOrParsed(byte[] message) {
    try {
      FrameHeader read = FrameHeader.parse(message, 0, message.length);
      return read == null || read.tag() > 0;
    } catch (WireException e) {
      return e.kind() != null;
    }
  }
}
