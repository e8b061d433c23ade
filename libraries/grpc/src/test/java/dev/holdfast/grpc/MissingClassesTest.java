package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.grpc.internal.version.GrpcFeature;
import dev.holdfast.lab.process.JavaCommand;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A grpc-java without a class that a feature needs: calls go on without the feature. */
class MissingClassesTest {
  private static final int LIMIT_SECONDS = 120;

  @ParameterizedTest
  @CsvSource({
    "io.grpc.util.MultiChildLoadBalancer, load-balancing policy holdfast, #acceptResolvedAddresses",
    "io.grpc.NameResolver$Args$Key, second connections beside silent ones, #create"
  })
  void theFeatureFallsBackAndOneLineNamesTheClass(String hidden, String feature, String member)
      throws Exception {
    String output = run(hidden);

    assertThat(answers(output))
        .hasSize(20)
        .allMatch(answer -> answer.equals("first") || answer.equals("second"));
    assertThat(output.lines().filter(line -> line.contains("event=grpc_feature_unavailable")))
        .singleElement()
        .asString()
        .contains(
            "WARN",
            "feature=\"%s\" missing=%s%s grpc=1.".formatted(feature, hidden, member),
            " fallback=\"");
  }

  @Test
  void withAllClassesNothingIsSaid() throws Exception {
    String output = run("no.such.Class");

    assertThat(answers(output).stream().distinct()).containsExactlyInAnyOrder("first", "second");
    assertThat(output).doesNotContain("event=grpc_feature_unavailable");
    assertThat(Stream.of(GrpcFeature.values())).allMatch(GrpcFeature::isAvailable);
  }

  private static List<String> answers(String output) {
    return output
        .lines()
        .filter(line -> line.startsWith(FewCallsProgram.START))
        .map(line -> line.substring(FewCallsProgram.START.length()))
        .toList();
  }

  private static String run(String hidden) throws Exception {
    Process program =
        new ProcessBuilder(
                JavaCommand.of(
                    FewCallsProgram.class,
                    List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                    List.of(hidden)))
            .redirectErrorStream(true)
            .start();
    try {
      String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(program.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(output).doesNotContain("Panic!", "NoClassDefFoundError", "NoSuchMethodError");
      return output;
    } finally {
      program.destroyForcibly();
    }
  }
}
