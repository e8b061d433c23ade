package dev.holdfast.registry.etcd;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The probe for the protocol at a member's port, on a connection of its own that carries no
 * request. Blocks the calling thread for at most {@link #PATIENCE}.
 */
final class ProtocolProbe {
  @Limit(
      of = "time for a probe whether a member that hung up speaks TLS",
      then = "the failure is reported without that hint")
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

  private static final int FRAME_HEADER_BYTES = 9;
  private static final int TYPE_INDEX = 3;
  private static final int SETTINGS = 4;

  private ProtocolProbe() {}

  /** Whether a TLS server at this address shows a certificate; the connection then ends unused. */
  static boolean speaksTls(HostPort member) {
    CertificateWitness witness = new CertificateWitness();
    try (Socket socket = connected(member)) {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {witness}, null);
      try (SSLSocket tls =
          (SSLSocket)
              context.getSocketFactory().createSocket(socket, member.host(), member.port(), true)) {
        tls.startHandshake();
      }
    } catch (IOException | GeneralSecurityException e) {
      // Every handshake ends here, since the witness trusts nobody.
      return witness.seen;
    }
    return witness.seen;
  }

  /** Whether a server at this address opens HTTP/2 in plain text. */
  static boolean speaksHttp2(HostPort member) {
    try (Socket socket = connected(member)) {
      socket.getOutputStream().write(PREFACE);
      InputStream in = socket.getInputStream();
      byte[] header = in.readNBytes(FRAME_HEADER_BYTES);
      return header.length == FRAME_HEADER_BYTES && header[TYPE_INDEX] == SETTINGS;
    } catch (IOException e) {
      return false;
    }
  }

  private static Socket connected(HostPort member) throws IOException {
    Socket socket = new Socket();
    try {
      int millis = Math.toIntExact(PATIENCE.toMillis());
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(member.host(), member.port()), millis);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** A trust manager that notes that a certificate was shown, and refuses it. */
  private static final class CertificateWitness extends X509ExtendedTrustManager {
    private boolean seen;

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      seen = true;
      throw new CertificateException("none is wanted");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      checkServerTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      checkServerTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      checkClientTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      checkClientTrusted(chain, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
