package dev.holdfast.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.fleet.FleetQuery;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TopLoopTest {
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final VirtualScheduler time = new VirtualScheduler();
  private final List<FleetQuery> asked = new ArrayList<>();
  private final List<Long> atMillis = new ArrayList<>();

  @Test
  void asksAgainAfterEachIntervalUntilNobodyLooks() throws InterruptedException {
    run("   ", 4);

    assertThat(atMillis).containsExactly(0L, 2_000L, 4_000L, 6_000L);
  }

  @Test
  void keysChangeTheViewTheColumnAndTheOrderAtOnce() throws InterruptedException {
    run("t>r<cq", 100);

    assertThat(asked)
        .extracting(FleetQuery::view)
        .containsExactly(
            FleetView.SERVICES,
            FleetView.STREAMS,
            FleetView.STREAMS,
            FleetView.STREAMS,
            FleetView.STREAMS,
            FleetView.CONNECTIONS);
    assertThat(asked)
        .extracting(FleetQuery::sort)
        .containsExactly(
            "service", "unacked_ms", "queued_bytes", "queued_bytes", "unacked_ms", "opened_ms");
    assertThat(asked)
        .extracting(FleetQuery::ascending)
        .containsExactly(true, false, false, true, true, false);
    assertThat(atMillis).containsOnly(0L);
  }

  @Test
  void everyColumnOfEveryViewIsReachedAndIsASortKey() {
    for (FleetView view : FleetView.values()) {
      FleetQuery query = FleetQuery.of(view, List.of(), 100);
      for (int i = 0; i < 2 * view.columns().size(); i++) {
        query = query.sortMoved(1);
        assertThat(view.sortKeys()).contains(query.sort());
      }
    }
  }

  @Test
  void unknownKeysChangeNothing() throws InterruptedException {
    run("zZ?1q", 100);

    assertThat(asked).hasSize(1);
  }

  private void run(String keys, int turns) throws InterruptedException {
    List<Character> pressed = new ArrayList<>();
    keys.chars().forEach(key -> pressed.add((char) key));
    TopLoop loop =
        new TopLoop(
            time.clock(),
            INTERVAL,
            patience -> {
              if (pressed.isEmpty() || pressed.get(0) == ' ') {
                if (!pressed.isEmpty()) {
                  pressed.remove(0);
                }
                time.advance(patience);
                return Optional.empty();
              }
              return Optional.of(pressed.remove(0));
            },
            FleetQuery.of(FleetView.SERVICES, List.of(), 100));
    loop.run(
        query -> {
          asked.add(query);
          atMillis.add(time.virtualClock().elapsed().toMillis());
          return asked.size() < turns;
        });
  }
}
