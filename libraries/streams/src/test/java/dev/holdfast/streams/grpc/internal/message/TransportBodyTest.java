package dev.holdfast.streams.grpc.internal.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader;
import io.grpc.Detachable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When the bytes of a large message are copied, and when the transport has its buffers back. */
class TransportBodyTest {
  private static final int LARGE_BYTES = 3 * MessageChunkPool.CHUNK_BYTES + 5;
  private static final FrameHeader HEADER = new FrameHeader(7, 3, 2, 9, 0, 0, 0, 0);

  private final byte[] message = new byte[LARGE_BYTES];
  private final Transport transport;

  TransportBodyTest() {
    new Random(1).nextBytes(message);
    HEADER.writeTo(message, 0);
    transport = new Transport(message);
  }

  /** Buffers of a transport: they are owned by the newest stream. */
  private static final class Transport extends ByteArrayInputStream
      implements KnownLength, Detachable {
    private int readBytes;
    private int closed;

    Transport(byte[] bytes) {
      super(bytes);
    }

    @Override
    public InputStream detach() {
      return this;
    }

    @Override
    public synchronized int read(byte[] target, int offset, int length) {
      int read = super.read(target, offset, length);
      readBytes += Math.max(0, read);
      return read;
    }

    @Override
    public void close() {
      closed++;
    }
  }

  @Test
  void aMessageThatIsHandedOverIsReadFromTheTransportByItsMarshaller() throws Exception {
    Payload body = arrived();
    SessionFrame.handOver(body);
    SessionFrame.settle(body);
    assertThat(transport.readBytes).as("the header").isEqualTo(FrameHeader.LARGEST_HEADER_BYTES);
    assertThat(transport.closed).isZero();

    assertThat(SessionFrame.parse(body, TransportBodyTest::bytes)).isEqualTo(application());
    assertThat(transport.closed).isEqualTo(1);
  }

  @Test
  void aMessageThatWaitsIsCopied() throws Exception {
    Payload body = arrived();
    SessionFrame.settle(body);
    assertThat(transport.readBytes).isEqualTo(LARGE_BYTES);
    assertThat(transport.closed).isEqualTo(1);

    SessionFrame.handOver(body);
    assertThat(body.toByteArray()).isEqualTo(application());
    assertThat(SessionFrame.parse(body, TransportBodyTest::bytes)).isEqualTo(application());
    assertThat(transport.closed).isEqualTo(1);
  }

  @Test
  void aMessageThatNobodyReadsGivesTheBuffersBack() throws Exception {
    Payload body = arrived();
    SessionFrame.handOver(body);
    SessionFrame.release(body);
    SessionFrame.release(body);

    assertThat(transport.closed).isEqualTo(1);
    assertThatThrownBy(() -> ByteSlice.streamOf(body)).hasMessage("the body was released");
  }

  @Test
  void aMarshallerThatFailsGivesTheBuffersBack() throws Exception {
    Payload body = arrived();
    assertThatThrownBy(
            () ->
                SessionFrame.parse(
                    body,
                    stream -> {
                      throw new IllegalStateException("unreadable");
                    }))
        .hasMessage("unreadable");
    assertThat(transport.closed).isEqualTo(1);
  }

  @Test
  void aMarshallerThatReadsLaterKeepsItsBytes() throws Exception {
    InputStream stream = SessionFrame.parse(arrived(), later -> later);

    assertThat(transport.closed).isEqualTo(1);
    assertThat(bytes(stream)).isEqualTo(application());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100, 70_000, LARGE_BYTES})
  void isReadInPiecesOfAnySize(int mostBytes) throws Exception {
    InputStream stream = ByteSlice.streamOf(arrived());
    byte[] expected = application();
    assertThat(stream.available()).isEqualTo(expected.length);
    assertThat(stream.read()).isEqualTo(expected[0] & 0xff);
    byte[] all = new byte[expected.length];
    all[0] = expected[0];
    int at = 1;
    for (int read = 0;
        read >= 0;
        read = stream.read(all, at, Math.min(mostBytes, all.length - at))) {
      at += read;
      if (at == all.length) {
        break;
      }
    }
    assertThat(all).isEqualTo(expected);
    assertThat(stream.read()).isEqualTo(-1);
    assertThat(stream.read(new byte[1])).isEqualTo(-1);
  }

  @Test
  void aVeryLargeMessageTellsItsLengthSoThatProtobufReadsItInOnePiece() throws Exception {
    byte[] huge = new byte[4 << 20];
    new Random(2).nextBytes(huge);
    Payload body = SessionFrame.MARSHALLER.parse(new Transport(huge)).body();
    InputStream stream = ByteSlice.streamOf(body);
    assertThat(stream).isInstanceOf(KnownLength.class);
    assertThat(stream.available()).isEqualTo(huge.length);
    assertThat(stream.readAllBytes()).isEqualTo(huge);
  }

  @Test
  void aMessageWithoutAHeaderOfThisAttachmentIsWhole() throws Exception {
    Payload body = SessionFrame.MARSHALLER.parse(transport).open(HEADER.tag() + 1).body();
    assertThat(SessionFrame.parse(body, TransportBodyTest::bytes)).isEqualTo(message);
  }

  @Test
  void aSmallMessageIsCopiedWhenItComes() {
    Transport small = new Transport(Arrays.copyOf(message, 4_096));
    Payload body = SessionFrame.MARSHALLER.parse(small).body();
    assertThat(small.readBytes).isEqualTo(4_096);
    assertThat(body).isInstanceOf(ByteSlice.class);
  }

  private Payload arrived() throws Exception {
    SessionFrame sessionFrame = SessionFrame.MARSHALLER.parse(transport).open(HEADER.tag());
    assertThat(sessionFrame.header()).isEqualTo(HEADER);
    assertThat(sessionFrame.body().sizeBytes()).isEqualTo(LARGE_BYTES - HEADER.sizeBytes());
    return sessionFrame.body();
  }

  private byte[] application() {
    return Arrays.copyOfRange(message, HEADER.sizeBytes(), message.length);
  }

  private static byte[] bytes(InputStream stream) {
    try {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
