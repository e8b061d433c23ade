package dev.holdfast.gateway.tls;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The TLS configuration of a listener.
 *
 * @param identity the default, for clients without SNI or with an unknown name
 * @param named certificates that are selected by SNI
 * @param clients mutual TLS; empty when no client certificate is requested
 */
public record ListenerTls(
    TlsIdentity identity, List<SniCertificate> named, Optional<ClientAuthentication> clients) {
  public ListenerTls {
    named = List.copyOf(named);
  }

  /** A configuration with one certificate for all names. */
  public ListenerTls(TlsIdentity identity, Optional<ClientAuthentication> clients) {
    this(identity, List.of(), clients);
  }

  /**
   * A certificate for some names.
   *
   * @param names as {@link ServerNames#parse} returns them; unique within the listener
   */
  public record SniCertificate(List<String> names, TlsIdentity identity) {
    public SniCertificate {
      names = List.copyOf(names);
    }
  }

  /**
   * The configuration of mutual TLS.
   *
   * @param authority PEM file of the CAs of client certificates
   * @param required whether a client without a certificate is rejected; a client with an untrusted
   *     one always is
   * @param forwarding how certificates are forwarded to services
   */
  public record ClientAuthentication(
      Path authority, boolean required, ClientCertForwarding forwarding) {
    /**
     * A configuration that forwards the client's certificate as {@link ClientCertForwarding#SET}.
     */
    public ClientAuthentication(Path authority, boolean required) {
      this(authority, required, ClientCertForwarding.SET);
    }
  }

  /** The forwarding of client certificates in x-forwarded-client-cert. */
  public enum ClientCertForwarding {
    /** The header is removed from all requests. */
    NONE,
    /**
     * The header has only the certificate of the connection; a value from the client is replaced.
     */
    SET,
    /**
     * The header of a client with a certificate is kept, and the client's own certificate is
     * appended.
     */
    APPEND
  }

  /** The files of all certificates, keys and CAs. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(identity.certificate(), identity.key()));
    named.forEach(
        each -> files.addAll(List.of(each.identity().certificate(), each.identity().key())));
    clients.ifPresent(known -> files.add(known.authority()));
    return files;
  }
}
