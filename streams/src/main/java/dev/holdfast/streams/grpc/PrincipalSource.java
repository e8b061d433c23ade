package dev.holdfast.streams.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Metadata;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * Says who a client is: sessions and their tokens are bound to it. Runs in the context of each
 * physical call, inside the server's own interceptors, so that it finds what authentication put
 * there. What it throws ends the call.
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
   * The principal.
   *
   * @param attributes of the physical call
   * @param headers its request headers
   * @return "" for nobody
   */
  String of(Attributes attributes, Metadata headers);
}
