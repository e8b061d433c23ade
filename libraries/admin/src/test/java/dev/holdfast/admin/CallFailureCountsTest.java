package dev.holdfast.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.admin.CallFailureCounts.FailedCount;
import io.grpc.Status;
import org.junit.jupiter.api.Test;

class CallFailureCountsTest {
  private final CallFailureCounts counts = new CallFailureCounts();

  @Test
  void failuresCountBySideServiceAndStatus() {
    counts.onEnd(true, "a.B", Status.Code.OK);
    counts.onEnd(true, "a.B", Status.Code.NOT_FOUND);
    counts.onEnd(true, "a.B", Status.Code.NOT_FOUND);
    counts.onEnd(true, "a.B", Status.Code.INTERNAL);
    counts.onEnd(false, "orders", Status.Code.NOT_FOUND);

    assertThat(counts.all())
        .containsExactly(
            new FailedCount(false, "orders", Status.Code.NOT_FOUND, 1),
            new FailedCount(true, "a.B", Status.Code.NOT_FOUND, 2),
            new FailedCount(true, "a.B", Status.Code.INTERNAL, 1));
  }

  @Test
  void servicesBeyondTheBoundCountTogether() {
    for (int i = 0; i < 2 * CallFailureCounts.MAX_COUNTS; i++) {
      counts.onEnd(false, "service-" + i, Status.Code.UNAVAILABLE);
    }
    assertThat(counts.all()).hasSize(CallFailureCounts.MAX_COUNTS + 1);
    assertThat(counts.all().get(0))
        .isEqualTo(
            new FailedCount(false, "", Status.Code.UNAVAILABLE, CallFailureCounts.MAX_COUNTS));
  }
}
