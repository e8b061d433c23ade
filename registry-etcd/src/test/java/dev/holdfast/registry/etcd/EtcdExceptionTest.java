package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EtcdExceptionTest {
  private static final String MEMBER = "127.0.0.1:2379";

  /** Which of them a client sees is a race between the member's answer and its closing. */
  private static final List<Status> HANG_UPS =
      List.of(
          Status.UNAVAILABLE.withDescription("Network closed for unknown reason"),
          failedWith(new SocketException("Connection reset")),
          failedWith(new IOException("recvAddress(..) failed with error(-104): Connection reset")),
          failedWith(new IOException("sendmsg(..) failed with error(-32): Broken pipe")),
          failedWith(new IllegalStateException(new IOException("Connection reset by peer"))));

  @Test
  void aHangUpOnPlainTextSaysThatTlsMayBeWanted() {
    for (Status hangUp : HANG_UPS) {
      assertThat(EtcdException.of(hangUp, MEMBER, true))
          .hasMessageContaining(MEMBER)
          .hasMessageContaining("needs tls=true");
    }
  }

  @Test
  void overTlsAHangUpIsNoHintOfTls() {
    for (Status hangUp : HANG_UPS) {
      assertThat(EtcdException.of(hangUp, MEMBER, false).getMessage())
          .doesNotContain("needs tls=true");
    }
  }

  @Test
  void aMemberThatIsNotThereIsNoHintOfTls() {
    assertThat(
            EtcdException.of(failedWith(new ConnectException("Connection refused")), MEMBER, true))
        .message()
        .contains("Connection refused")
        .doesNotContain("needs tls=true");
  }

  private static Status failedWith(Exception cause) {
    return Status.UNAVAILABLE.withDescription("io exception").withCause(cause);
  }
}
