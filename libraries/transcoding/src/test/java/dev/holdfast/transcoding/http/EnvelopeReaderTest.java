package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EnvelopeReaderTest {
  @Property(tries = 300)
  void piecesMakeNoDifference(
      @ForAll @Size(max = 8) List<@Size(max = 40) byte[]> messages, @ForAll long seed) {
    Random random = new Random(seed);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    List<String> expected = new ArrayList<>();
    for (byte[] message : messages) {
      int flags = random.nextInt(256);
      body.writeBytes(EnvelopeReader.envelope(flags, message, 0, message.length));
      expected.add(flags + Arrays.toString(message));
    }
    List<String> read = new ArrayList<>();
    EnvelopeReader reader = new EnvelopeReader(40);
    byte[] bytes = body.toByteArray();
    for (int at = 0; at < bytes.length; ) {
      int length = Math.min(random.nextInt(30), bytes.length - at);
      reader.feed(
          bytes,
          at,
          length,
          (flags, from, offset, count) ->
              read.add(flags + Arrays.toString(Arrays.copyOfRange(from, offset, offset + count))));
      at += length;
    }
    reader.end();
    assertThat(read).isEqualTo(expected);
  }

  @Test
  void boundsMessagesByTheirPrefix() {
    for (byte[] prefix :
        List.of(
            new byte[] {0, 0, 0, 0, 41},
            new byte[] {0, -1, -1, -1, -1},
            new byte[] {0, 127, 0, 0, 0})) {
      assertThatThrownBy(
              () -> new EnvelopeReader(40).feed(prefix, 0, 5, (flags, bytes, at, length) -> {}))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("(expected: <= 40)");
    }
  }

  @Test
  void refusesAnEndWithinAMessage() {
    for (int length = 1; length < 8; length++) {
      EnvelopeReader reader = new EnvelopeReader(40);
      reader.feed(new byte[] {0, 0, 0, 0, 3, 1, 1, 1}, 0, length, (flags, bytes, at, count) -> {});
      assertThatThrownBy(reader::end)
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("after " + length + " bytes");
    }
  }
}
