package dev.holdfast.streams.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Metadata;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The source of a client's principal, to which sessions and their tokens are bound. It runs in the
 * context of each physical call, inside the server's own interceptors, so that it finds what
 * authentication put there. An exception ends the call.
 */
@FunctionalInterface
public interface PrincipalSource {
  /** The name in the client's certificate; "" without one. */
  PrincipalSource CERTIFICATE =
      (attributes, headers) -> {
        SSLSession tls = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        try {
          return tls == null ? "" : tls.getPeerPrincipal().getName();
        } catch (SSLPeerUnverifiedException e) {
          // TLS of the server alone says nothing about the client.
          return "";
        }
      };

  /**
   * Returns the principal of a call.
   *
   * @param attributes of the physical call
   * @param headers its request headers
   * @return "" for nobody
   */
  String of(Attributes attributes, Metadata headers);
}
