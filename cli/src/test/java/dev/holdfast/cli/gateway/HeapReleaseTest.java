package dev.holdfast.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When the heap is given back. */
class HeapReleaseTest {
  private static final long CROWD = HeapRelease.CROWD_BYTES;

  @Test
  void onceWhenACrowdHasLeft() {
    try (HeapRelease release = HeapRelease.start()) {
      assertThat(release.hasLeft(CROWD / 2)).isFalse();
      assertThat(release.hasLeft(0)).isFalse();
      assertThat(release.hasLeft(4 * CROWD)).isFalse();
      assertThat(release.hasLeft(2 * CROWD)).isFalse();
      assertThat(release.hasLeft(CROWD)).isTrue();
      assertThat(release.hasLeft(CROWD)).isFalse();
      assertThat(release.hasLeft(0)).isTrue();
      assertThat(release.hasLeft(0)).isFalse();
    }
  }
}
