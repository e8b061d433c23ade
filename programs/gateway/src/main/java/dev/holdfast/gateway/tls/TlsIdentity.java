package dev.holdfast.gateway.tls;

import java.nio.file.Path;

/**
 * The files that authenticate one side of a connection.
 *
 * @param certificate PEM file: its own certificate first, then the intermediate ones
 * @param key PEM file without a password: the private key
 */
public record TlsIdentity(Path certificate, Path key) {}
