package dev.holdfast.gateway.tls;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The TLS configuration of connections to a cluster's endpoints.
 *
 * @param authority PEM file of the CAs of endpoints; empty for those that the JDK trusts
 * @param identity the client certificate for mutual TLS; empty for none
 * @param serverName the name for SNI (RFC 6066) and verification; empty for the endpoint's host
 */
public record UpstreamTls(
    Optional<Path> authority, Optional<TlsIdentity> identity, Optional<String> serverName) {
  /** The files of the CAs, certificate and key. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>();
    authority.ifPresent(files::add);
    identity.ifPresent(own -> files.addAll(List.of(own.certificate(), own.key())));
    return files;
  }
}
