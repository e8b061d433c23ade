package dev.holdfast.gateway.tls;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What connections to the endpoints of a cluster speak TLS with.
 *
 * @param authority PEM: the authorities that sign the certificates of endpoints; empty for those
 *     that the JDK trusts
 * @param identity shown to endpoints that ask for a certificate; empty for none
 * @param serverName the name that must stand in the certificate, and that is asked for (SNI, RFC
 *     6066); empty for the endpoint's host
 */
public record UpstreamTls(
    Optional<Path> authority, Optional<Identity> identity, Optional<String> serverName) {
  /** The files that are read. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>();
    authority.ifPresent(files::add);
    identity.ifPresent(own -> files.addAll(List.of(own.certificate(), own.key())));
    return files;
  }
}
