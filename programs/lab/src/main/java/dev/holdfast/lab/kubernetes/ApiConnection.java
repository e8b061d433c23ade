package dev.holdfast.lab.kubernetes;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;

/** A TCP connection of a client to the API server. */
final class ApiConnection {
  private final Channel channel;
  private volatile boolean silenced;

  ApiConnection(Channel channel) {
    this.channel = channel;
  }

  /** Stops answering on this connection, as behind a path that was cut silently. */
  void stopAnswering() {
    silenced = true;
  }

  boolean isSilenced() {
    return silenced;
  }

  /** Sends a GOAWAY with NO_ERROR over HTTP/2: open requests are still answered. */
  void goAway() {
    var unused = channel.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
  }

  void close() {
    var unused = channel.close();
  }

  /** The common name of the client's certificate; "" when it showed none. */
  String certificateName() {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      return "";
    }
    try {
      Certificate[] chain = tls.engine().getSession().getPeerCertificates();
      String name = ((X509Certificate) chain[0]).getSubjectX500Principal().getName();
      for (Rdn part : new LdapName(name).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue().toString();
        }
      }
      return "";
    } catch (SSLPeerUnverifiedException | InvalidNameException e) {
      return "";
    }
  }
}
