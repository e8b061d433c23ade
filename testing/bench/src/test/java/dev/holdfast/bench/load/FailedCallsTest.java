package dev.holdfast.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.bench.load.FailedCalls.FailedCall;
import dev.holdfast.bench.load.FailedCalls.RunPhase;
import dev.holdfast.lab.load.StallRecorder;
import dev.holdfast.lab.load.StallRecorder.ProcessStall;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FailedCallsTest {
  private static final List<RunPhase> STAGES =
      List.of(
          new RunPhase("warm-up", 10_000),
          new RunPhase("churn", 20_000),
          new RunPhase("storm", 50_000));

  private final FailedCalls failed = new FailedCalls();

  @Test
  void nothingIsSaidWhenNothingFailed() {
    assertThat(failed.story(STAGES, List.of(), List.of())).isEmpty();
  }

  @Test
  void failuresAreToldByStageWithWhatStoodStillMeanwhile() {
    fail(21_000, 22_000, "deadline [closed=[], open=[[remote_addr=/127.71.0.1:80]]]");
    fail(21_500, 22_500, "deadline [closed=[], open=[[remote_addr=/127.71.0.1:80]]]");
    fail(51_000, 51_001, "no connection");

    List<String> story =
        failed.story(
            STAGES,
            List.of(new ProcessStall(20_900, 800), new ProcessStall(22_100, 300)),
            List.of(new ProcessStall(60_000, 900)));

    assertThat(story)
        .containsExactly(
            "failed in the churn: 2 calls to 1 peers, sent 1.000 to 1.500 s after its beginning,"
                + " the last ended at 2.500 s; meanwhile we stood still for 300 ms, the servers for"
                + " 0 ms",
            "failed in the storm: 1 calls to 1 peers, sent 1.000 to 1.000 s after its beginning,"
                + " the last ended at 1.001 s; meanwhile we stood still for 0 ms, the servers for"
                + " 0 ms");
  }

  @Test
  void aStandStillIsSeenWhenItIsLong() {
    try (StallRecorder stills = StallRecorder.start()) {
      stills.onWake(TimeUnit.MILLISECONDS.toNanos(49), 1_000);
      stills.onWake(TimeUnit.SECONDS.toNanos(70), 2_000);

      assertThat(stills.stalls()).contains(new ProcessStall(2_000, 70_000));
      assertThat(stills.stalls()).noneMatch(still -> still.endMillis() == 1_000);
      assertThat(StallRecorder.longestMillis(stills.stalls())).isEqualTo(70_000);
    }
  }

  private void fail(long sentMillis, long endedMillis, String text) {
    failed.add(
        new FailedCall(sentMillis, endedMillis, Status.DEADLINE_EXCEEDED.withDescription(text)));
  }
}
