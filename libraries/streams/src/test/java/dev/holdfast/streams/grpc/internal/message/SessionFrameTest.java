package dev.holdfast.streams.grpc.internal.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Drainable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

/** Header and message as one stream of bytes, and back. */
class SessionFrameTest {
  private static final FrameHeader HEADER = new FrameHeader(7, 1, 2, 3, 0, 0, 0, 0);

  private static StreamableBody hello() {
    return MessageBody.of(
        ProtoUtils.marshaller(StringValue.getDefaultInstance()), StringValue.of("hello"));
  }

  @Test
  void keepsWhatGrpcLooksForInOrderNotToCopy() throws IOException {
    InputStream stream = SessionFrame.MARSHALLER.stream(new SessionFrame(HEADER, hello()));
    int length = stream.available();
    ByteArrayOutputStream drained = new ByteArrayOutputStream();

    assertThat(stream).isInstanceOf(KnownLength.class).isInstanceOf(Drainable.class);
    assertThat(((Drainable) stream).drainTo(drained)).isEqualTo(length);
    assertThat(drained.toByteArray())
        .hasSize(length)
        .isEqualTo(
            SessionFrame.MARSHALLER.stream(new SessionFrame(HEADER, hello())).readAllBytes());
    assertThat(stream.available()).isZero();
  }

  @Test
  void readsWhatItWrote() throws IOException, WireException {
    SessionFrame opened = sent(new SessionFrame(HEADER, hello())).open(7);

    assertThat(opened.header()).isEqualTo(HEADER);
    InputStream body = ByteSlice.streamOf(opened.body());
    assertThat(body).isInstanceOf(KnownLength.class).isInstanceOf(HasByteBuffer.class);
    assertThat(StringValue.parseFrom(body)).isEqualTo(StringValue.of("hello"));
  }

  @Test
  void headerOfAnotherAttachmentIsAnUnknownFieldOfTheMessage() throws IOException, WireException {
    SessionFrame opened = sent(new SessionFrame(HEADER, hello())).open(8);

    assertThat(opened.header()).isNull();
    StringValue message = StringValue.parseFrom(ByteSlice.streamOf(opened.body()));
    assertThat(message.getValue()).isEqualTo("hello");
    assertThat(message.getUnknownFields().asMap()).containsOnlyKeys(FrameHeader.FIELD_NUMBER);
  }

  @Test
  void statusKeepsItsDescriptionAndTrailersOnTheWire() {
    Metadata trailers = new Metadata();
    Metadata.Key<String> text = Metadata.Key.of("a", Metadata.ASCII_STRING_MARSHALLER);
    Metadata.Key<byte[]> bytes = Metadata.Key.of("b-bin", Metadata.BINARY_BYTE_MARSHALLER);
    trailers.put(text, "x".repeat(300));
    trailers.put(text, "y");
    trailers.put(bytes, new byte[] {0, -1});
    FinalStatus status = new FinalStatus(Status.ABORTED.withDescription("größer"), trailers);

    FinalStatus read =
        FinalStatus.of(Status.Code.ABORTED.value(), Payload.of(status.toByteArray()));

    assertThat(read.status().getCode()).isEqualTo(Status.Code.ABORTED);
    assertThat(read.status().getDescription()).isEqualTo("größer");
    assertThat(read.trailers().getAll(text)).containsExactly("x".repeat(300), "y");
    assertThat(read.trailers().get(bytes)).containsExactly(0, -1);
  }

  @Test
  void unreadableTrailersLeaveTheStatus() {
    FinalStatus read = FinalStatus.of(5, Payload.of(new byte[] {10, 100, 1}));

    assertThat(read.status().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(read.status().getDescription()).contains("unreadable");
  }

  private static SessionFrame sent(SessionFrame sessionFrame) throws IOException {
    try (InputStream wire = SessionFrame.MARSHALLER.stream(sessionFrame)) {
      return SessionFrame.MARSHALLER.parse(wire);
    }
  }
}
