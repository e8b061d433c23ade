package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The jar on the class path of a plain grpc-java program, each time in a JVM of its own. */
@Execution(ExecutionMode.CONCURRENT)
class JarOnlyTest {
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

  @Test
  void aVariableThatMakesNoSenseIsNamedWithWhatWasExpected() throws Exception {
    assertThat(run("swamp")).contains("HOLDFAST_PATH: swamp (expected:").contains("swarm");
  }

  @Test
  void aTargetsSecretsReachNoMeter() {
    assertThat(JarOnly.serviceIn("etcd://user:pw@h1:2379/prod/orders?ttl=5s")).isEqualTo("orders");
    assertThat(JarOnly.serviceIn("user:pw@h1:2379")).isEqualTo("h1:2379");
    assertThat(JarOnly.serviceIn("dns:///orders:443")).isEqualTo("orders:443");
  }

  private static String run(String path, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(PlainProgram.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
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
