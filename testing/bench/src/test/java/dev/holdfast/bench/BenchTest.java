package dev.holdfast.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.bench.run.Benchmark;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchTest {
  private static final Benchmark EXITS_WITH_ARGUMENT =
      new Benchmark() {
        @Override
        public String name() {
          return "exits";
        }

        @Override
        public String summary() {
          return "exits with its argument";
        }

        @Override
        public int run(List<String> args) {
          return Integer.parseInt(args.get(0));
        }
      };

  @Test
  void passesTheArgumentsAndTheExitCodeOn() throws Exception {
    assertThat(Bench.run(List.of(EXITS_WITH_ARGUMENT), List.of("exits", "7"))).isEqualTo(7);
  }

  @Test
  void refusesAnUnknownNameAndNoName() throws Exception {
    assertThat(Bench.run(List.of(EXITS_WITH_ARGUMENT), List.of("exit"))).isEqualTo(2);
    assertThat(Bench.run(List.of(EXITS_WITH_ARGUMENT), List.of())).isEqualTo(2);
  }

  @Test
  void listsNamesWithExitCodeZero() throws Exception {
    assertThat(Bench.run(List.of(EXITS_WITH_ARGUMENT), List.of("--list"))).isZero();
  }
}
