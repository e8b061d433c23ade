package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.lab.process.RecordedJvm;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The codec's one door: its public types, and the switch between the codecs. */
class Http2CodecTest {
  @Test
  void switchSelectsTheCodecOfBothRoles() {
    boolean netty = System.getProperty("holdfast.gateway.codec", "").equals("netty");
    Class<?> expected = netty ? StockCodec.class : OwnCodec.class;

    assertThat(Http2Codec.accepted(GatewayLimits.DEFAULT)).isInstanceOf(expected);
    assertThat(Http2Codec.dialed(GatewayLimits.DEFAULT)).isInstanceOf(expected);
  }

  /** Methods of {@code Http2Codec} and {@code CallStream} are called directly only then. */
  @Test
  void processLoadsTheClassesOfOneCodec() throws Exception {
    try (RecordedJvm process = RecordedJvm.start(List.of("-Xlog:class+load"), BothRoles.class)) {
      process.await("opened");

      String own = OwnCodec.class.getPackageName();
      assertThat(process.countOf(own + ".OwnCodec source")).isPositive();
      assertThat(process.countOf(own + ".StockCodec")).isZero();
    }
  }

  /** A program that creates the codecs of both roles. */
  static final class BothRoles {
    private BothRoles() {}

    public static void main(String[] arguments) {
      Http2Codec.accepted(GatewayLimits.DEFAULT);
      Http2Codec.dialed(GatewayLimits.DEFAULT);
      System.out.println("opened all");
    }
  }

  @Test
  void typoInTheSwitchIsRefused() {
    Http2Codec.requireKnown("");
    Http2Codec.requireKnown("netty");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Http2Codec.requireKnown("nety"))
        .withMessage("holdfast.gateway.codec: \"nety\" (expected: netty, or not set)");
  }

  @Test
  void othersSeeSevenTypes() throws Exception {
    assertThat(publicTypes())
        .containsExactlyInAnyOrder(
            "CallFrameListener",
            "CallStream",
            "FrameConnection",
            "HeadersWrite",
            "Http2Codec",
            "LoopResources",
            "WriteListener");
  }

  private static List<String> publicTypes()
      throws IOException, URISyntaxException, ClassNotFoundException {
    Path classes =
        Path.of(Http2Codec.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    String name = Http2Codec.class.getPackageName();
    List<String> found = new ArrayList<>();
    try (var files = Files.list(classes.resolve(name.replace('.', '/')))) {
      for (Path file : files.toList()) {
        String type = file.getFileName().toString().replace(".class", "");
        if (!type.equals("package-info")
            && Modifier.isPublic(Class.forName(name + "." + type).getModifiers())) {
          found.add(type);
        }
      }
    }
    return found;
  }
}
