package dev.holdfast.bench.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class StartupTimesTest {
  private final List<String> order = new ArrayList<>();

  private StartupTimes.Start taking(String name, Double... millis) {
    Queue<Double> left = new ArrayDeque<>(List.of(millis));
    return () -> {
      order.add(name);
      return left.remove();
    };
  }

  @Test
  void medianIsThatOfTheDifferencesWithinPairs() throws Exception {
    StartupTimes times =
        new StartupTimes(
            "server",
            taking("with", 1_200.0, 2_300.0, 1_900.0),
            taking("without", 1_000.0, 2_000.0, 1_800.0));

    times.measure(true);
    times.measure(false);
    times.measure(true);

    assertThat(times.addedMillis()).isEqualTo(200);
    assertThat(times.stockMillis()).isEqualTo(1_800);
  }

  @Test
  void sidesTakeTurnsInGoingFirst() throws Exception {
    StartupTimes times =
        new StartupTimes("server", taking("with", 1.0, 1.0), taking("without", 1.0, 1.0));

    times.measure(true);
    times.measure(false);

    assertThat(order).containsExactly("with", "without", "without", "with");
  }
}
