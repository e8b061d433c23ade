package dev.holdfast.duplex.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireVectors;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The file with the vectors is what the kit's encoder makes, and its decoder reads them as they
 * say. {@code -Dholdfast.docs.write=true} renews it.
 */
class WireVectorsFileTest {
  private static final Path FILE =
      Path.of(System.getProperty("holdfast.root", "../.."))
          .resolve("testing/duplex-conformance/vectors.json");

  @Test
  void theFileIsWhatTheEncoderMakes() throws IOException {
    if (Boolean.getBoolean("holdfast.docs.write")) {
      Files.writeString(FILE, WireVectors.text());
    }
    assertThat(Files.readString(FILE)).isEqualTo(WireVectors.text());
  }

  @Test
  void goodOnesAreReadAndWrittenAsTheyAre() throws IOException {
    for (JsonLine each : vectors()) {
      String bytes = each.text("bytes");
      byte[] read = HexFormat.of().parseHex(bytes);
      byte[] written =
          switch (each.text("kind")) {
            case "frame", "no header" -> WireFrame.parse(read).encode();
            case "hello" -> WireHello.parse(read).encode();
            case "welcome" -> WireWelcome.parse(read).encode();
            case "refusal" -> WireRefusal.parse(read).encode();
            case "hand-over", "offer" -> WireHandover.parse(read).encode();
            default -> read;
          };
      assertThat(HexFormat.of().formatHex(written)).as("%s", each).isEqualTo(bytes);
    }
  }

  @Test
  void brokenOnesAreRefused() throws IOException {
    int refused = 0;
    for (JsonLine each : vectors()) {
      byte[] read = HexFormat.of().parseHex(each.text("bytes"));
      switch (each.text("kind")) {
        case "broken frame" -> refuses(each, () -> WireFrame.parse(read));
        case "broken hello" -> refuses(each, () -> WireHello.parse(read));
        case "broken welcome" -> refuses(each, () -> WireWelcome.parse(read));
        case "broken refusal" -> refuses(each, () -> WireRefusal.parse(read));
        case "broken hand-over" -> refuses(each, () -> WireHandover.parse(read));
        default -> refused--;
      }
      refused++;
    }
    assertThat(refused).isGreaterThan(30);
  }

  private static void refuses(
      JsonLine vector, org.assertj.core.api.ThrowableAssert.ThrowingCallable read) {
    assertThatThrownBy(read).as("%s", vector).isInstanceOf(IllegalArgumentException.class);
  }

  private static List<JsonLine> vectors() throws IOException {
    List<JsonLine> vectors = new java.util.ArrayList<>();
    for (String line : Files.readAllLines(FILE)) {
      if (line.startsWith(" {")) {
        vectors.add(JsonLine.parse(line.strip().replaceAll(",$", "")));
      }
    }
    return vectors;
  }
}
