package dev.holdfast.streams.grpc.internal.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.TestVectors;
import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The body of a final frame as bytes; see {@link TestVectors}. */
class FinalStatusVectorsTest {
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void finalStatusesAreAsTheVectorsSay() throws IOException {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("shard", Metadata.ASCII_STRING_MARSHALLER), "7");
    trailers.put(
        Metadata.Key.of("detail-bin", Metadata.BINARY_BYTE_MARSHALLER),
        new byte[] {0, (byte) 0x80});
    List<String> bodies =
        List.of(
            body("no words", new FinalStatus(Status.OK, new Metadata())),
            body(
                "a description",
                new FinalStatus(Status.NOT_FOUND.withDescription("no \u00fc"), new Metadata())),
            body(
                "trailers, of which a name that ends in -bin has bytes and another one ASCII",
                new FinalStatus(Status.ABORTED.withDescription("x"), trailers)));
    List<String> unreadable =
        List.of("08", "0a05", "0d01").stream()
            .peek(
                hex ->
                    assertThat(FinalStatus.of(5, Payload.of(HEX.parseHex(hex))).status().getCode())
                        .isEqualTo(Status.Code.NOT_FOUND))
            .map(hex -> "  {\"bytes\": \"" + hex + "\"}")
            .toList();

    TestVectors.check(
        "finals.json",
        "{\n \"bodies\": [\n"
            + String.join(",\n", bodies)
            + "\n ],\n \"only the code counts\": [\n"
            + String.join(",\n", unreadable)
            + "\n ]\n}\n");
  }

  private static String body(String name, FinalStatus status) {
    byte[] bytes = status.toByteArray();
    FinalStatus read = FinalStatus.of(status.status().getCode().value(), Payload.of(bytes));
    assertThat(read.status().getDescription()).isEqualTo(status.status().getDescription());
    assertThat(read.trailers().keys()).isEqualTo(status.trailers().keys());
    String description = status.status().getDescription();
    return "  {\"name\": \"%s\", \"bytes\": \"%s\", \"description\": \"%s\", \"trailers\": [%s]}"
        .formatted(
            name,
            HEX.formatHex(bytes),
            description == null ? "" : description,
            String.join(", ", trailers(status.trailers())));
  }

  /** Each with its value as bytes. */
  private static List<String> trailers(Metadata trailers) {
    byte[][] pairs = InternalMetadata.serialize(trailers);
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) {
      entries.add(
          "{\"key\": \"%s\", \"value\": \"%s\"}"
              .formatted(
                  new String(pairs[i], StandardCharsets.US_ASCII), HEX.formatHex(pairs[i + 1])));
    }
    return entries;
  }
}
