package dev.holdfast.gateway.tls;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a listener speaks TLS with.
 *
 * @param identity shown to clients
 * @param clients whose certificates count; empty when none is asked for
 */
public record ListenerTls(Identity identity, Optional<Clients> clients) {
  /**
   * Who may connect.
   *
   * @param authority PEM: the authorities that sign the certificates of clients
   * @param required whether a client without a certificate is turned away; one with a certificate
   *     of somebody else always is
   */
  public record Clients(Path authority, boolean required) {}

  /** The files that are read. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(identity.certificate(), identity.key()));
    clients.ifPresent(known -> files.add(known.authority()));
    return files;
  }
}
