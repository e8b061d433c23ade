package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The test vectors under libraries/streams/vectors, for people who write the protocol in another
 * language. They are made by the code and committed; {@code -Dholdfast.docs.write=true} renews
 * them.
 */
public final class TestVectors {
  private static final Path DIRECTORY =
      Path.of(System.getProperty("holdfast.root", "..")).resolve("libraries/streams/vectors");

  private TestVectors() {}

  /** The names of all files. */
  public static List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  public static String read(String name) throws IOException {
    return Files.readString(DIRECTORY.resolve(name));
  }

  /** Fails when the committed file says something else than the code. */
  public static void check(String name, String text) throws IOException {
    Path file = DIRECTORY.resolve(name);
    if (Boolean.getBoolean("holdfast.docs.write")) {
      Files.writeString(file, text);
    }
    assertThat(Files.readString(file)).as("%s: the protocol has changed", name).isEqualTo(text);
  }
}
