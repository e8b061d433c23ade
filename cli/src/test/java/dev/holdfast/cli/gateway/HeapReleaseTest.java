package dev.holdfast.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When the heap is given back. */
class HeapReleaseTest {
  private static final long CROWD = HeapRelease.CROWD_BYTES;
  private static final long SMALL = HeapRelease.LARGE_BYTES;

  private final HeapRelease release = new HeapRelease();

  @AfterEach
  void stop() {
    release.close();
  }

  @Test
  void whenMostOfACrowdHasLeft() {
    assertThat(release.isDue(CROWD / 2, SMALL)).isFalse();
    assertThat(release.isDue(0, SMALL)).isFalse();
    assertThat(release.isDue(4 * CROWD, SMALL)).isFalse();
    assertThat(release.isDue(2 * CROWD, SMALL)).isFalse();
    assertThat(release.isDue(CROWD, SMALL)).isTrue();
    assertThat(release.isDue(CROWD, SMALL)).isFalse();
    assertThat(release.isDue(0, SMALL)).isTrue();
    assertThat(release.isDue(0, SMALL)).isFalse();
  }

  @Test
  void onceMoreWhenTheLastOfItHave() {
    assertThat(release.isDue(CROWD, SMALL)).isFalse();
    assertThat(release.isDue(CROWD / 5, SMALL)).isTrue();
    for (int i = 1; i < HeapRelease.SETTLED_LOOKS; i++) {
      assertThat(release.isDue(0, SMALL)).isFalse();
    }
    assertThat(release.isDue(0, SMALL)).isTrue();
    for (int i = 0; i < 3 * HeapRelease.SETTLED_LOOKS; i++) {
      assertThat(release.isDue(0, SMALL)).isFalse();
    }
  }

  @Test
  void everMoreSeldomAsLongAsTheHeapIsLarge() {
    assertThat(release.isDue(CROWD, SMALL)).isFalse();
    assertThat(release.isDue(0, SMALL + 1)).isTrue();
    List<Integer> pauses = new ArrayList<>();
    int pause = 0;
    for (int i = 0; i < 4 * HeapRelease.MOST_LOOKS; i++) {
      pause++;
      if (release.isDue(0, SMALL + 1)) {
        pauses.add(pause);
        pause = 0;
      }
    }
    assertThat(pauses).startsWith(10, 20, 40, 80).endsWith(HeapRelease.MOST_LOOKS);
    for (int i = 0; i < 2 * HeapRelease.MOST_LOOKS; i++) {
      assertThat(release.isDue(0, SMALL)).isFalse();
    }
  }
}
