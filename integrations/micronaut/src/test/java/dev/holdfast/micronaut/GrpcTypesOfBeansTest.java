package dev.holdfast.micronaut;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of the classes that Micronaut's processor makes: each type of gRPC in them must be there in
 * the oldest grpc-java that Micronaut brings, or no bean of the class can be made.
 */
class GrpcTypesOfBeansTest {
  private static final Pattern TYPE = Pattern.compile("io/grpc/[A-Za-z/$]+");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$ChannelConfiguration$Named$Definition",
        "$ChannelConfiguration$Default$Definition",
        "$ServerConfiguration$Definition"
      })
  void settingsNameNoTypeOfGrpcButBuilders(String name) throws IOException {
    try (InputStream bytes = getClass().getResourceAsStream(name + ".class")) {
      assertThat(bytes).isNotNull();
      String text = new String(bytes.readAllBytes(), StandardCharsets.ISO_8859_1);
      Set<String> types = new TreeSet<>();
      TYPE.matcher(text).results().forEach(found -> types.add(found.group()));
      assertThat(types).isSubsetOf("io/grpc/ManagedChannelBuilder", "io/grpc/ServerBuilder");
    }
  }
}
