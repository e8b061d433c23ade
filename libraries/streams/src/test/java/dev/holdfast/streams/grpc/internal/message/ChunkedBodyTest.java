package dev.holdfast.streams.grpc.internal.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.streams.wire.FrameHeader;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of large messages, in arrays that are used again. */
class ChunkedBodyTest {
  private static final int CHUNK = MessageChunkPool.CHUNK_BYTES;
  private static final FrameHeader HEADER = new FrameHeader(7, 3, 2, 9, 0, 0, 0, 0);

  private final MessageChunkPool pool = new MessageChunkPool();
  private final Random random = new Random(1);

  @ParameterizedTest
  @ValueSource(ints = {CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 5 * CHUNK + 77})
  void isReadAsItCameWithAndWithoutItsHeader(int sizeBytes) throws Exception {
    byte[] message = message(sizeBytes);
    ChunkedBody whole = read(message);
    assertThat(whole.sizeBytes()).isEqualTo(message.length);
    assertThat(whole.header()).isEqualTo(HEADER);
    assertThat(whole.toByteArray()).isEqualTo(message);

    byte[] expected = Arrays.copyOfRange(message, HEADER.sizeBytes(), message.length);
    ChunkedBody body = whole.from(HEADER.sizeBytes());
    assertThat(body.sizeBytes()).isEqualTo(expected.length);
    InputStream stream = body.stream();
    assertThat(stream).isInstanceOf(KnownLength.class);
    assertThat(stream.available()).isEqualTo(expected.length);
    assertThat(stream.read()).isEqualTo(expected[0] & 0xff);
    assertThat(inPieces(stream)).isEqualTo(Arrays.copyOfRange(expected, 1, expected.length));
    assertThat(stream.read()).isEqualTo(-1);
    assertThat(stream.read(new byte[1])).isEqualTo(-1);
  }

  @Test
  void arraysAreUsedAgainWhenTheMessageWasReadToItsEnd() throws Exception {
    byte[] message = message(3 * CHUNK + 5);
    ChunkedBody body = read(message).from(HEADER.sizeBytes());
    InputStream stream = body.stream();
    stream.readAllBytes();
    body.release();
    assertThat(pool.freeChunks()).isEqualTo(3);

    assertThat(read(message).toByteArray()).isEqualTo(message);
    assertThat(pool.freeChunks()).isZero();
    // A holder of the stream never reads other messages' bytes.
    assertThat(stream.read()).isEqualTo(-1);
  }

  @Test
  void aMarshallerThatReadsLaterKeepsItsBytes() throws Exception {
    byte[] message = message(3 * CHUNK);
    ChunkedBody body = read(message);
    InputStream stream = body.stream();
    assertThat(stream.read()).isEqualTo(message[0] & 0xff);
    body.release();

    assertThat(pool.freeChunks()).isZero();
    assertThat(stream.readAllBytes()).isEqualTo(Arrays.copyOfRange(message, 1, message.length));
  }

  @Test
  void nothingIsLeftOfABodyThatWasReleased() throws Exception {
    ChunkedBody unread = read(message(3 * CHUNK));
    unread.release();
    unread.release();

    assertThat(pool.freeChunks()).isZero();
    assertThatThrownBy(unread::stream).hasMessage("the body was released");
  }

  @Test
  void fewArraysAreKept() throws Exception {
    int chunks = 2 * MessageChunkPool.MOST_FREE;
    ChunkedBody body = read(message(chunks * CHUNK));
    body.stream().readAllBytes();
    body.release();

    assertThat(pool.freeChunks()).isEqualTo(MessageChunkPool.MOST_FREE);
  }

  @Test
  void aMessageThatEndsEarlyFails() {
    InputStream early = new ByteArrayInputStream(new byte[2 * CHUNK]);
    assertThatThrownBy(() -> ChunkedBody.read(early, 2 * CHUNK + 1, pool))
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("ended after " + 2 * CHUNK);
  }

  private byte[] message(int sizeBytes) {
    byte[] message = new byte[sizeBytes];
    random.nextBytes(message);
    HEADER.writeTo(message, 0);
    return message;
  }

  private ChunkedBody read(byte[] message) throws IOException {
    return ChunkedBody.read(new ByteArrayInputStream(message), message.length, pool);
  }

  private byte[] inPieces(InputStream stream) throws IOException {
    byte[] all = new byte[stream.available()];
    int at = 0;
    while (at < all.length) {
      int most = Math.min(all.length - at, 1 + random.nextInt(3 * CHUNK));
      at += stream.read(all, at, most);
    }
    return all;
  }
}
