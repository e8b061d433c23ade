package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GreenRunsTest {
  private static final Instant START = Instant.parse("2026-11-23T04:00:00Z");

  @TempDir Path folder;

  private GreenRuns at(long second) {
    return new GreenRuns(
        folder.resolve("green"), Clock.fixed(START.plusSeconds(second), ZoneOffset.UTC));
  }

  private static RoomRun run(String room, String jdk) {
    return new RoomRun(
        new TestedRoom(room, room, true, false, List.of()),
        new TestedJdk(jdk, Path.of("jdk"), Map.of()));
  }

  @Test
  void runIsFoundByItsKeyRoomAndJdk() throws IOException {
    at(7).add(run("a", "17"), "k1");

    assertThat(at(9).dateOf(run("a", "17"), "k1")).contains("2026-11-23 04:00:07");
    assertThat(at(9).dateOf(run("a", "17"), "k2")).isEmpty();
    assertThat(at(9).dateOf(run("a", "25"), "k1")).isEmpty();
    assertThat(at(9).dateOf(run("b", "17"), "k1")).isEmpty();
  }

  @Test
  void oldestRunsAreForgotten() throws IOException {
    at(0).add(run("b", "17"), "other");
    for (int i = 1; i <= 25; i++) {
      at(i).add(run("a", "17"), "k" + i);
    }

    assertThat(at(30).dateOf(run("a", "17"), "k5")).isEmpty();
    assertThat(at(30).dateOf(run("a", "17"), "k6")).isPresent();
    assertThat(at(30).dateOf(run("a", "17"), "k25")).isPresent();
    assertThat(at(30).dateOf(run("b", "17"), "other")).isPresent();
  }
}
