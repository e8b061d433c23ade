package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoErrorTextTest {
  @Test
  void filesThatCantBeReadAreExplainedByTheirReason(@TempDir Path folder) throws IOException {
    assertThat(textOfReading(folder.resolve("missing"))).isEqualTo("no such file");
    assertThat(textOfReading(folder)).isEqualTo("is a directory");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff});
    assertThat(textOfReading(binary)).isEqualTo("not text in UTF-8");
    Path file = Files.createFile(folder.resolve("file"));
    assertThat(textOfReading(file.resolve("below"))).isEqualTo("not a directory");
    assertThat(IoErrorText.of(new AccessDeniedException("x"))).isEqualTo("permission denied");
    assertThat(IoErrorText.withFile(new AccessDeniedException("x")))
        .isEqualTo("x: permission denied");
  }

  @Test
  void failedConnectionsAreExplainedByTheirRootCause() {
    assertThat(IoErrorText.of(new UnknownHostException("nowhere"))).isEqualTo("unknown host");
    assertThat(IoErrorText.of(because(new UnresolvedAddressException()))).isEqualTo("unknown host");
    assertThat(IoErrorText.of(new ConnectException("Connection refused")))
        .isEqualTo("connection refused");
    assertThat(IoErrorText.of(new ConnectException())).isEqualTo("no connection");
    assertThat(IoErrorText.of(new ConnectException().initCause(new ClosedChannelException())))
        .as("nobody listens there, says the JDK's HTTP client")
        .isEqualTo("no connection");
    assertThat(IoErrorText.of(because(new ProtocolException("Invalid status line"))))
        .isEqualTo("the answer is not HTTP/1.1");
    assertThat(IoErrorText.of(because(new EOFException("EOF reached while reading"))))
        .isEqualTo("the connection was closed without an answer");
    assertThat(IoErrorText.of(new ClosedChannelException()))
        .isEqualTo("the connection was closed without an answer");
  }

  @Test
  void systemCallsAndAddressesOfNettysTextsAreLeftOut() {
    String refused = "finishConnect(..) failed with error(-111): Connection refused";
    assertThat(IoErrorText.of(new ConnectException(refused + ": /127.0.0.1:80")))
        .isEqualTo("connection refused");
    assertThat(IoErrorText.of(new ConnectException(refused + ": localhost/[::1%1]:80")))
        .isEqualTo("connection refused");
    assertThat(
            IoErrorText.of(new ConnectException("connection timed out after 10 ms: /10.0.0.1:80")))
        .isEqualTo("connection timed out after 10 ms");
    assertThat(IoErrorText.of(new IOException("recvAddress(..) failed: Connection reset by peer")))
        .isEqualTo("connection reset by peer");
    assertThat(IoErrorText.of(new IOException("syscall:writev(..) failed: Broken pipe")))
        .isEqualTo("broken pipe");
    assertThat(
            IoErrorText.of(
                new IOException("Cannot run program \"x\": error=13, Permission denied")))
        .isEqualTo("permission denied");
  }

  @Test
  void failuresOfTlsAreExplainedByWhatIsWrongWithThePeer() {
    SSLException untrusted = new SSLHandshakeException("PKIX path building failed: sun.security.X");
    untrusted.initCause(new CertPathBuilderException("unable to find valid certification path"));
    assertThat(IoErrorText.of(untrusted)).isEqualTo("certificate of no trusted authority");
    assertThat(
            IoErrorText.of(new SSLException("x", new CertificateExpiredException("NotAfter: y"))))
        .isEqualTo("certificate expired (NotAfter: y)");
    assertThat(IoErrorText.of(new SSLException("Unsupported or unrecognized SSL message")))
        .isEqualTo("the peer speaks no TLS");
    assertThat(IoErrorText.of(new SSLException("not an SSL/TLS record: 485454502f")))
        .isEqualTo("the peer speaks no TLS");
    assertThat(
            IoErrorText.of(
                new SSLException(
                    "General OpenSslEngine problem", new CertificateException("No name orders"))))
        .isEqualTo("no name orders");
  }

  @Test
  void otherFailuresKeepTheirText() {
    assertThat(IoErrorText.of(new IOException("disk full"))).isEqualTo("disk full");
    assertThat(IoErrorText.of(new IOException())).isEqualTo("input or output failed");
  }

  private static IOException because(Exception cause) {
    return new IOException("parsing HTTP/1.1 status line, receiving [..]", cause);
  }

  private static String textOfReading(Path file) {
    return IoErrorText.of(
        catchThrowableOfType(
            IOException.class, () -> Files.readString(file, StandardCharsets.UTF_8)));
  }
}
