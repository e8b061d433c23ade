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

/** One TCP connection of a client. */
final class ApiConnection {
  private final Channel channel;
  private volatile boolean deaf;

  ApiConnection(Channel channel) {
    this.channel = channel;
  }

  /** From now on nothing is answered here, as behind a path that was cut without a word. */
  void goDeaf() {
    deaf = true;
  }

  boolean isDeaf() {
    return deaf;
  }

  /** Over HTTP/2: no more requests here, please; those that came are answered. */
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
