package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CloseEvidenceTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void kernelSaysWhatIsUnacknowledged() {
    TcpInfo info = new TcpInfo(3, 5, 0, 34 * SECOND + 1, SECOND / 1_000);
    assertThat(CloseEvidence.ofKernel(info, 35 * SECOND))
        .isEqualTo(
            "nothing read for 35s; kernel: 3 segments unacknowledged, sent again 5 times,"
                + " 0 keepalive probes unanswered, last ACK 34s ago");
  }

  @Test
  void kernelThatCanNotBeAskedSaysNothing() {
    assertThat(CloseEvidence.ofKernel(TcpInfo.UNKNOWN, SECOND))
        .isEqualTo("nothing read for 1s; kernel: not asked");
  }

  @Test
  void socketSaysWhatItFailedWith() {
    assertThat(CloseEvidence.ofSocket(new IOException("Connection reset by peer")))
        .isEqualTo("socket: connection reset by peer");
  }
}
