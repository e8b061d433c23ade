package dev.holdfast.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When the heap is given back. */
class HeapReleaseTest {
  private static final long LOADED = HeapRelease.PEAK_BYTES;

  private final HeapRelease release = new HeapRelease();

  @AfterEach
  void stop() {
    release.close();
  }

  @Test
  void whenMostConnectionsHaveEnded() {
    assertThat(release.isDue(LOADED / 2)).isFalse();
    assertThat(release.isDue(0)).isFalse();
    assertThat(release.isDue(4 * LOADED)).isFalse();
    assertThat(release.isDue(2 * LOADED)).isFalse();
    assertThat(release.isDue(LOADED)).isTrue();
    assertThat(release.isDue(LOADED)).isFalse();
    assertThat(release.isDue(0)).isTrue();
    assertThat(release.isDue(0)).isFalse();
  }

  @Test
  void onceMoreWhenTheLastOfItHave() {
    assertThat(release.isDue(LOADED)).isFalse();
    assertThat(release.isDue(LOADED / 5)).isTrue();
    for (int i = 1; i < HeapRelease.SETTLED_POLLS; i++) {
      assertThat(release.isDue(0)).isFalse();
    }
    assertThat(release.isDue(0)).isTrue();
    for (int i = 0; i < 3 * HeapRelease.SETTLED_POLLS; i++) {
      assertThat(release.isDue(0)).isFalse();
    }
  }

  @Test
  void whenOtherWorkThatFilledTheOldGenerationHasEnded() {
    assertThat(release.hasGrown(1)).isFalse();
    long grown = 1 + HeapRelease.GROWTH_BYTES;
    for (int i = 0; i < HeapRelease.SETTLED_POLLS; i++) {
      assertThat(release.hasGrown(grown)).isFalse();
    }
    assertThat(release.hasGrown(grown)).isTrue();
    assertThat(release.hasGrown(grown)).isFalse();
  }

  @Test
  void onlyOnceForObjectsThatStay() {
    assertThat(release.hasGrown(1)).isFalse();
    release.collected(2 * HeapRelease.GROWTH_BYTES);
    for (int i = 0; i < 3 * HeapRelease.SETTLED_POLLS; i++) {
      assertThat(release.hasGrown(2 * HeapRelease.GROWTH_BYTES + i / HeapRelease.SETTLED_POLLS))
          .isFalse();
    }
  }

  @Test
  void theJvmCanTrimItsNativeHeap() {
    assertThat(HeapRelease.trimNativeHeap()).contains("rim native heap");
  }

  @Test
  void notWhileTheOldGenerationGrows() {
    assertThat(release.hasGrown(1)).isFalse();
    for (int i = 1; i < 3 * HeapRelease.SETTLED_POLLS; i++) {
      assertThat(release.hasGrown(i * HeapRelease.GROWTH_BYTES)).isFalse();
    }
  }
}
