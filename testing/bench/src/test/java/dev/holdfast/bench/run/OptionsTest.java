package dev.holdfast.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.bench.Bench;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {
  private static final Option PAIRS = new Option("--pairs", 20, 2, 1, 100, "pairs");
  private static final Option RATE = new Option("--rate", 500, 50, 1, 1_000, "per second");
  private static final List<Option> KNOWN = List.of(PAIRS, RATE);

  @Test
  void defaultsHoldUnlessQuickOrAValueIsGiven() {
    assertThat(Options.parse(KNOWN, List.of()).get(PAIRS)).isEqualTo(20);
    assertThat(Options.parse(KNOWN, List.of("--quick")).get(PAIRS)).isEqualTo(2);
    Options both = Options.parse(KNOWN, List.of("--rate", "7", "--quick"));
    assertThat(both.get(RATE)).isEqualTo(7);
    assertThat(both.get(PAIRS)).isEqualTo(2);
    assertThat(both.quick()).isTrue();
  }

  @Test
  void refusesWhatItDoesNotKnowAndSaysWhatItKnows() {
    assertThatThrownBy(() -> Options.parse(KNOWN, List.of("--pears", "3")))
        .hasMessage("--pears (expected: --help, --quick, --pairs, --rate)");
  }

  @Test
  void refusesValuesThatAreMissingOrOutOfRange() {
    assertThatThrownBy(() -> Options.parse(KNOWN, List.of("--pairs")))
        .hasMessage("--pairs: no value (expected: a number behind it)");
    assertThatThrownBy(() -> Options.parse(KNOWN, List.of("--pairs", "0")))
        .hasMessage("--pairs: 0 (expected: 1 to 100)");
    assertThatThrownBy(() -> Options.parse(KNOWN, List.of("--pairs", "many")))
        .hasMessage("--pairs: many (expected: 1 to 100)");
  }

  @Test
  void peersOfSmokeTestsDoNotYieldTheCpu() {
    List<String> command = List.of("java", "-version");

    assertThat(Options.parse(KNOWN, List.of()).commandOfPeers().apply(command))
        .startsWith("chrt", "--idle")
        .endsWith("java", "-version");
    assertThat(Options.parse(KNOWN, List.of("--quick")).commandOfPeers().apply(command))
        .isEqualTo(command);
  }

  @Test
  void everyBenchmarkTakesHelpAndRefusesNonsense() throws Exception {
    for (Benchmark benchmark : Bench.ALL) {
      assertThat(benchmark.run(List.of("--help"))).as(benchmark.name()).isZero();
      assertThat(benchmark.run(List.of("--nonsense"))).as(benchmark.name()).isEqualTo(2);
    }
  }
}
