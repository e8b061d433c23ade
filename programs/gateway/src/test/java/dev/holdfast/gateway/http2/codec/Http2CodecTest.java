package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The codec's one door: its public types. */
class Http2CodecTest {
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
