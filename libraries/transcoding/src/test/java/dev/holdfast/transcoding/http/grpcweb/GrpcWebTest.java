package dev.holdfast.transcoding.http.grpcweb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrpcWebTest {
  @ParameterizedTest
  @CsvSource({
    "application/grpc-web, false, proto, application/grpc-web+proto, application/grpc",
    "application/grpc-web+proto, false, proto, application/grpc-web+proto, application/grpc",
    "Application/gRPC-Web-Text, true, proto, application/grpc-web-text+proto, application/grpc",
    "application/grpc-web-text+proto; x=y, true, proto, application/grpc-web-text+proto,"
        + " application/grpc",
    "application/grpc-web+json, false, json, application/grpc-web+json, application/grpc+json"
  })
  void readsItsContentTypes(
      String header, boolean text, String format, String answer, String grpc) {
    GrpcWebContentType type = GrpcWebContentType.of(header);
    assertThat(type).isEqualTo(new GrpcWebContentType(text, format));
    if (type != null) {
      assertThat(type.contentType()).isEqualTo(answer);
      assertThat(type.grpcContentType()).isEqualTo(grpc);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-webx",
        "application/grpc-web+",
        "application/json",
        "grpc-web"
      })
  void leavesOthersAlone(String header) {
    assertThat(GrpcWebContentType.of(header)).isNull();
  }

  @Test
  void trailersAreABlockOfLinesBehindAFlag() {
    byte[] frame =
        GrpcWebTrailers.frame(
            List.of(
                Map.entry("grpc-status", "5"),
                Map.entry("Grpc-Message", "a%20b: c"),
                Map.entry("x", "1\r\ngrpc-status: 0")));
    String block = "grpc-status: 5\r\ngrpc-message: a%20b: c\r\nx: 1  grpc-status: 0\r\n";
    assertThat(Arrays.copyOf(frame, 5)).containsExactly(0x80, 0, 0, 0, block.length());
    assertThat(new String(frame, 5, frame.length - 5, StandardCharsets.US_ASCII)).isEqualTo(block);
    assertThat(GrpcWebTrailers.parse(frame, 5, frame.length - 5))
        .containsExactly(
            Map.entry("grpc-status", "5"),
            Map.entry("grpc-message", "a%20b: c"),
            Map.entry("x", "1  grpc-status: 0"));
  }

  @Test
  void readsTrailersOfOthers() {
    byte[] block =
        "grpc-status:0\r\nGrpc-Message:  x \nnone\r\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(GrpcWebTrailers.parse(block, 0, block.length))
        .containsExactly(Map.entry("grpc-status", "0"), Map.entry("grpc-message", "x"));
  }

  @Property(tries = 500)
  void textIsReadWhereverTheWriterFlushed(
      @ForAll @Size(max = 8) List<@Size(max = 20) byte[]> flushes, @ForAll long seed) {
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (byte[] flush : flushes) {
      plain.writeBytes(flush);
      text.writeBytes(GrpcWebText.encode(flush));
    }
    GrpcWebText decoder = new GrpcWebText();
    ByteArrayOutputStream decoded = new ByteArrayOutputStream();
    byte[] bytes = text.toByteArray();
    Random random = new Random(seed);
    for (int at = 0; at < bytes.length; ) {
      int length = Math.min(random.nextInt(12), bytes.length - at);
      decoded.writeBytes(decoder.decode(bytes, at, length));
      at += length;
    }
    decoder.end();
    assertThat(decoded.toByteArray()).isEqualTo(plain.toByteArray());
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "AQID, -",
        "AQ==AQI=AQID, -",
        "AQ=, 3 characters at its end",
        "AQI, 3 characters at its end",
        "A, 1 characters at its end",
        "=, 0x3d",
        "A===, 0x3d",
        "AQ=A, 0x41",
        "AQ-D, 0x2d",
        "AQ D, 0x20",
        "AQ_D, 0x5f",
        "é, 0xc3"
      },
      nullValues = "-")
  void refusesWhatIsNoBase64(String text, @Nullable String problem) {
    GrpcWebText decoder = new GrpcWebText();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (problem == null) {
      assertThat(decoder.decode(bytes, 0, bytes.length)).isNotEmpty();
      decoder.end();
    } else {
      assertThatThrownBy(
              () -> {
                decoder.decode(bytes, 0, bytes.length);
                decoder.end();
              })
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining(problem);
    }
  }
}
