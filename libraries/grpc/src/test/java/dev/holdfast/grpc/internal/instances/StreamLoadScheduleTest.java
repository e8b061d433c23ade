package dev.holdfast.grpc.internal.instances;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.hooks.StreamLoad;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StreamLoadScheduleTest {
  private static final long INTERVAL = StreamLoadSchedule.LEAST_INTERVAL.toNanos();

  private final StreamLoadSchedule schedule = new StreamLoadSchedule();

  @Test
  void theFirstLoadIsPublishedEvenOfNoStream() {
    assertThat(schedule.isDue(0, StreamLoad.NONE, 1)).isTrue();
    assertThat(schedule.isDue(10 * INTERVAL, StreamLoad.NONE, 1)).isFalse();
    assertThat(schedule.isDue(10 * INTERVAL, load(1), 1)).isTrue();
  }

  @Test
  void aChangeWaitsForItsInterval() {
    assertThat(schedule.isDue(0, load(500), 4)).isTrue();
    assertThat(schedule.isDue(INTERVAL - 1, load(400), 4)).isFalse();
    assertThat(schedule.isDue(INTERVAL, load(400), 4)).isTrue();
  }

  @Test
  void aSmallChangeIsNotPublishedAndAnOverloadIs() {
    assertThat(schedule.isDue(0, load(500), 4)).isTrue();
    assertThat(schedule.isDue(INTERVAL, load(504), 4)).isFalse();
    assertThat(schedule.isDue(INTERVAL, load(505), 4)).isTrue();
    assertThat(schedule.isDue(2 * INTERVAL, new StreamLoad(505, true), 4)).isTrue();
  }

  @Test
  void anInstanceOfALargeFleetPublishesLessOften() {
    assertThat(schedule.isDue(0, load(500), 1_000)).isTrue();
    long soon = Duration.ofSeconds(49).toNanos();
    assertThat(schedule.isDue(soon, load(400), 1_000)).isFalse();
    assertThat(schedule.isDue(soon + INTERVAL, load(400), 1_000)).isTrue();
  }

  private static StreamLoad load(long streams) {
    return new StreamLoad(streams, false);
  }
}
