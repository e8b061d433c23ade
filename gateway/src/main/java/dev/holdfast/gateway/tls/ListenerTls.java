package dev.holdfast.gateway.tls;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a listener speaks TLS with.
 *
 * @param identity shown to clients that ask for no name, or for one that nobody else here has
 * @param named shown to clients that ask for their names
 * @param clients whose certificates count; empty when none is asked for
 */
public record ListenerTls(Identity identity, List<Named> named, Optional<Clients> clients) {
  public ListenerTls {
    named = List.copyOf(named);
  }

  /** With one certificate, whatever clients ask for. */
  public ListenerTls(Identity identity, Optional<Clients> clients) {
    this(identity, List.of(), clients);
  }

  /**
   * A certificate for some names.
   *
   * @param names as {@link ServerNames#parse} makes them; no other certificate of the listener has
   *     one of them
   */
  public record Named(List<String> names, Identity identity) {
    public Named {
      names = List.copyOf(names);
    }
  }

  /**
   * Who may connect.
   *
   * @param authority PEM: the authorities that sign the certificates of clients
   * @param required whether a client without a certificate is turned away; one with a certificate
   *     of somebody else always is
   * @param forwarding what services are told of them
   */
  public record Clients(Path authority, boolean required, Forwarding forwarding) {
    /** Services are told who they are. */
    public Clients(Path authority, boolean required) {
      this(authority, required, Forwarding.SET);
    }
  }

  /** What services are told of clients' certificates. */
  public enum Forwarding {
    /** Nothing. */
    NONE,
    /** The certificate of the connection, and nothing that a client says. */
    SET,
    /** What a client with a certificate says that it speaks for, then its own. */
    APPEND
  }

  /** The files that are read. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(identity.certificate(), identity.key()));
    named.forEach(
        each -> files.addAll(List.of(each.identity().certificate(), each.identity().key())));
    clients.ifPresent(known -> files.add(known.authority()));
    return files;
  }
}
