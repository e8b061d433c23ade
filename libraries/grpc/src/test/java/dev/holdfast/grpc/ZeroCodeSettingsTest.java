package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.process.JavaCommand;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar on the class path of a plain grpc-java program, each time in a JVM of its own. */
@Execution(ExecutionMode.CONCURRENT)
class ZeroCodeSettingsTest {
  private static final List<String> CHANNELS =
      List.of("forTarget", "forAddress", "newChannelBuilder");

  @Test
  void theVariableTurnsLivenessOnAndOneLineSaysSo() throws Exception {
    String output = run("swarm");
    assertThat(output).contains("word=plain watched=true");
    assertThat(output.lines().filter(line -> line.contains("event=liveness_on")))
        .singleElement()
        .asString()
        .contains("path=swarm", "off_by=\"HOLDFAST_PATH=off\"");
  }

  @Test
  void thePropertyDoesTheSameAndWins() throws Exception {
    String output = run("off", "-Dholdfast.path=900s");
    assertThat(output).contains("word=plain watched=true", "path=900s");
  }

  @Test
  void withoutTheVariableTheProgramIsAsItWas() throws Exception {
    assertThat(run("")).contains("word=plain watched=false").doesNotContain("event=liveness_on");
  }

  @Test
  void oneSettingTurnsItOff() throws Exception {
    assertThat(run("off")).contains("word=plain watched=false");
  }

  /** Each way to make a channel, and each to make a server, by what it does. */
  @ParameterizedTest
  @ValueSource(strings = {"forPort", "newServerBuilderForPort"})
  void aPathThatForgetsCostsNoCallAndTheServerNoticesTheClientsThatVanished(String server)
      throws Exception {
    List<String> lines = overAForgetfulPath("2s", server, 30);
    for (String channel : CHANNELS) {
      assertThat(lines).contains(channel + " before=plain", channel + " after=plain");
    }
    assertThat(number(lines, "raced by client=")).isGreaterThanOrEqualTo(CHANNELS.size());
    assertThat(number(lines, "suspected by server=")).isGreaterThanOrEqualTo(CHANNELS.size());
  }

  @Test
  void switchedOffEachOfTheseCallsIsLostAndNobodyNotices() throws Exception {
    List<String> lines = overAForgetfulPath("off", "forPort", 2);
    for (String channel : CHANNELS) {
      assertThat(lines)
          .contains(channel + " before=plain")
          .doesNotContain(channel + " after=plain");
    }
    assertThat(number(lines, "raced by client=")).isZero();
    assertThat(number(lines, "suspected by server=")).isZero();
  }

  @Test
  void aVariableThatMakesNoSenseIsNamedWithWhatWasExpected() throws Exception {
    assertThat(run("swamp")).contains("HOLDFAST_PATH: swamp (expected:").contains("swarm");
  }

  @Test
  void aTargetsSecretsReachNoMeter() {
    assertThat(ZeroCodeSettings.serviceIn("etcd://user:pw@h1:2379/prod/orders?ttl=5s"))
        .isEqualTo("orders");
    assertThat(ZeroCodeSettings.serviceIn("user:pw@h1:2379")).isEqualTo("h1:2379");
    assertThat(ZeroCodeSettings.serviceIn("dns:///orders:443")).isEqualTo("orders:443");
  }

  private static List<String> overAForgetfulPath(String path, String server, int deadlineSeconds)
      throws Exception {
    String watched = Boolean.toString(!path.equals("off"));
    return run(
            SilentDropProgram.class,
            List.of(server, Integer.toString(deadlineSeconds), watched),
            path)
        .lines()
        .toList();
  }

  private static int number(List<String> lines, String start) {
    return lines.stream()
        .filter(line -> line.startsWith(start))
        .mapToInt(line -> Integer.parseInt(line.substring(start.length())))
        .findFirst()
        .orElseThrow(() -> new AssertionError(lines));
  }

  private static String run(String path, String... options) throws Exception {
    return run(PlainProgram.class, List.of(), path, options);
  }

  private static String run(
      Class<?> program, List<String> arguments, String path, String... options) throws Exception {
    List<String> jvmOptions =
        new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    jvmOptions.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(JavaCommand.of(program, jvmOptions, arguments))
            .redirectErrorStream(true);
    builder.environment().remove(PathSetting.VARIABLE);
    if (!path.isEmpty()) {
      builder.environment().put(PathSetting.VARIABLE, path);
    }
    Process process = builder.start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
