package dev.holdfast.gateway.duplex;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.grpc.internal.message.FinalStatus;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The reader of final statuses against the writer of the server's library. */
class FinalStatusReaderTest {
  private static final Metadata.Key<String> TEXT =
      Metadata.Key.of("shop", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> BYTES =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Test
  void readsWhatTheLibraryWrites() {
    Metadata trailers = new Metadata();
    trailers.put(TEXT, "west");
    trailers.put(BYTES, new byte[] {1, 2, (byte) 0xff});
    CallEnd end = read(Status.NOT_FOUND.withDescription("no such order: é"), trailers);
    assertThat(end.status()).isEqualTo(GrpcStatusCode.NOT_FOUND);
    assertThat(end.message()).isEqualTo("no such order: é");
    assertThat(end.trailers().get("shop")).hasToString("west");
    assertThat(end.details()).containsExactly(1, 2, 0xff);
  }

  @Test
  void okHasNeitherTextNorTrailers() {
    CallEnd end = read(Status.OK, new Metadata());
    assertThat(end.isOk()).isTrue();
    assertThat(end.message()).isEmpty();
    assertThat(end.trailers().isEmpty()).isTrue();
  }

  @Test
  void codeCountsWhereTheBodyCannotBeRead() {
    CallEnd end = FinalStatusReader.read(7, Payload.of(new byte[] {0x0a, 0x7f, 1}));
    assertThat(end.status()).isEqualTo(GrpcStatusCode.PERMISSION_DENIED);
    assertThat(end.trailers().isEmpty()).isTrue();
  }

  @Test
  void trailersThatHttpDoesNotAllowAreDropped() {
    assertThat(entry("shop", "a\r\nset-cookie: b").trailers().isEmpty()).isTrue();
    assertThat(entry("set cookie", "a").trailers().isEmpty()).isTrue();
    assertThat(entry(":status", "200").trailers().isEmpty()).isTrue();
    assertThat(entry("shop", "west").trailers().get("shop")).hasToString("west");
  }

  @Test
  void furtherTrailersAreDropped() {
    Metadata trailers = new Metadata();
    for (int i = 0; i < 2 * FinalStatusReader.MAX_TRAILERS; i++) {
      trailers.put(TEXT, "west");
    }
    assertThat(read(Status.OK, trailers).trailers().size())
        .isEqualTo(FinalStatusReader.MAX_TRAILERS);
  }

  private static CallEnd read(Status status, Metadata trailers) {
    byte[] body = new FinalStatus(status, trailers).toByteArray();
    return FinalStatusReader.read(status.getCode().value(), Payload.of(body));
  }

  /** An end with one trailer, which no library would write. */
  private static CallEnd entry(String name, String value) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    byte[] body = new byte[key.length + text.length + 6];
    body[0] = 0x12;
    body[1] = (byte) (body.length - 2);
    body[2] = 0x0a;
    body[3] = (byte) key.length;
    System.arraycopy(key, 0, body, 4, key.length);
    body[4 + key.length] = 0x12;
    body[5 + key.length] = (byte) text.length;
    System.arraycopy(text, 0, body, 6 + key.length, text.length);
    return FinalStatusReader.read(0, Payload.of(body));
  }
}
