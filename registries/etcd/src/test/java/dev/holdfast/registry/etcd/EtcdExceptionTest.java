package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.registry.etcd.EtcdException.ProtocolMismatch;
import io.grpc.Status;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
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
  void aHangUpOnPlainTextByAMemberWithTlsSaysThatTlsIsWanted() {
    for (Status hangUp : HANG_UPS) {
      assertThat(EtcdException.of(hangUp, MEMBER, ProtocolMismatch.MEMBER_SPEAKS_TLS))
          .hasMessageContaining(MEMBER)
          .hasMessageContaining("needs tls=true");
    }
  }

  /** It was killed, or the network was cut. */
  @Test
  void aHangUpOfAMemberWhoseProtocolIsNotKnownIsNoHint() {
    for (Status hangUp : HANG_UPS) {
      assertThat(EtcdException.of(hangUp, MEMBER, ProtocolMismatch.NONE).getMessage())
          .doesNotContain("needs tls=");
    }
  }

  @Test
  void aHangUpInTheHandshakeByAMemberWithPlainTextSaysThatTlsIsNotWanted() {
    List<Status> inHandshake =
        List.of(
            Status.UNAVAILABLE.withDescription(
                "Connection closed while performing TLS negotiation for [SslHandler#0]"),
            Status.UNAVAILABLE
                .withDescription(
                    "io exception\nChannel Pipeline: [SslHandler#0,"
                        + " ProtocolNegotiators$ClientTlsHandler#0]")
                .withCause(new SocketException("Connection reset")),
            failedWith(new NotSslRecordException("not an SSL/TLS record: 48545450")));
    for (Status hangUp : inHandshake) {
      assertThat(EtcdException.of(hangUp, MEMBER, ProtocolMismatch.MEMBER_SPEAKS_PLAIN_TEXT))
          .hasMessageContaining(MEMBER)
          .hasMessageContaining("needs tls=false");
    }
  }

  @Test
  void whatElseEndsAHandshakeIsNoHintOfPlainText() {
    for (Exception cause :
        List.of(
            new SSLHandshakeException("PKIX path building failed"),
            new ConnectException("Connection refused"))) {
      Status other =
          Status.UNAVAILABLE
              .withDescription("io exception\nChannel Pipeline: [ClientTlsHandler#0]")
              .withCause(cause);
      assertThat(
              EtcdException.of(other, MEMBER, ProtocolMismatch.MEMBER_SPEAKS_PLAIN_TEXT)
                  .getMessage())
          .doesNotContain("needs tls=");
    }
  }

  @Test
  void aMemberThatIsNotThereIsNoHintOfTls() {
    assertThat(
            EtcdException.of(
                failedWith(new ConnectException("Connection refused")),
                MEMBER,
                ProtocolMismatch.MEMBER_SPEAKS_TLS))
        .message()
        .contains("UNAVAILABLE: connection refused")
        .doesNotContain("io exception")
        .doesNotContain("needs tls=true");
  }

  private static Status failedWith(Exception cause) {
    return Status.UNAVAILABLE.withDescription("io exception").withCause(cause);
  }
}
