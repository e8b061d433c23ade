package dev.holdfast.spring.boot.starter.server;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import javax.net.ssl.TrustManagerFactory;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.grpc.internal.GrpcUtils;

/** The address and the certificates of a server under {@code spring.grpc.server}. */
final class BindAddress {
  private BindAddress() {}

  /** The address and port, all addresses where none is set. */
  static InetSocketAddress of(GrpcServerProperties properties) {
    int port = properties.getPort() == null ? GrpcUtils.DEFAULT_PORT : properties.getPort();
    InetAddress address = properties.getAddress();
    return address == null ? new InetSocketAddress(port) : new InetSocketAddress(address, port);
  }

  /**
   * The certificates of an SSL bundle.
   *
   * @throws IllegalStateException when SSL is enabled without a bundle
   */
  static HoldfastGrpcServerFactory.Credentials credentials(
      GrpcServerProperties.Ssl ssl, SslBundles bundles) {
    boolean enabled = ssl.getEnabled() == null ? ssl.getBundle() != null : ssl.getEnabled();
    if (!enabled) {
      return new HoldfastGrpcServerFactory.Credentials(null, null, ssl.getClientAuth());
    }
    if (ssl.getBundle() == null) {
      throw new IllegalStateException(
          "spring.grpc.server.ssl.bundle: not set (expected: the name of a bundle, with"
              + " spring.grpc.server.ssl.enabled)");
    }
    SslManagerBundle managers = bundles.getBundle(ssl.getBundle()).getManagers();
    TrustManagerFactory trust =
        ssl.isSecure() ? managers.getTrustManagerFactory() : InsecureTrustManagerFactory.INSTANCE;
    return new HoldfastGrpcServerFactory.Credentials(
        managers.getKeyManagerFactory(), trust, ssl.getClientAuth());
  }
}
