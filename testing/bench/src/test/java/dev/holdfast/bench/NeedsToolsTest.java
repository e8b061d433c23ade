package dev.holdfast.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.bench.conformance.Conformance;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Benchmark;
import java.util.List;
import org.junit.jupiter.api.Test;

class NeedsToolsTest {
  private static final ExternalTool SHELL = new ExternalTool("sh", "dash");
  private static final ExternalTool MISSING = new ExternalTool("no-such-program", "no-package");

  private static final Benchmark RUNS =
      new Benchmark() {
        @Override
        public String name() {
          return "runs";
        }

        @Override
        public String summary() {
          return "runs";
        }

        @Override
        public int run(List<String> args) {
          return 7;
        }
      };

  @Test
  void runsWhereAllOfThemAre() throws Exception {
    assertThat(new NeedsTools(RUNS, List.of(SHELL)).run(List.of())).isEqualTo(7);
  }

  @Test
  void saysWithItsExitCodeThatTheMachineLacksOne() throws Exception {
    assertThat(new NeedsTools(RUNS, List.of(SHELL, MISSING)).run(List.of())).isEqualTo(3);
  }

  @Test
  void helpsWithoutThem() throws Exception {
    assertThat(new NeedsTools(RUNS, List.of(MISSING)).run(List.of("--help"))).isEqualTo(7);
  }

  @Test
  void runsOnTheProcessorThatItsProgramIsFor() throws Exception {
    String here = System.getProperty("os.arch");
    assertThat(new NeedsArchitecture(RUNS, here).run(List.of())).isEqualTo(7);
    assertThat(new NeedsArchitecture(RUNS, "pdp11").run(List.of())).isEqualTo(3);
    assertThat(new NeedsArchitecture(RUNS, "pdp11").run(List.of("--help"))).isEqualTo(7);
  }

  @Test
  void everyBenchmarkThatInstallsByNpmSaysSoWhereThereIsNone() {
    assertThat(Conformance.TOOLS).extracting(ExternalTool::program).containsExactly("npm");
    assertThat(Bench.ALL)
        .filteredOn(one -> one.name().equals("conformance"))
        .doesNotHaveAnyElementsOfTypes(Conformance.class);
  }

  @Test
  void aBenchmarkWhoseProgramIsForOneProcessorSaysSoOnOthers() {
    assertThat(Bench.ALL)
        .filteredOn(one -> one.name().equals("conformance"))
        .hasSize(1)
        .hasOnlyElementsOfType(NeedsArchitecture.class);
  }
}
