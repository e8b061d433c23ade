package dev.holdfast.gateway.tls;

import java.nio.file.Path;

/**
 * The files with which one side proves who it is.
 *
 * @param certificate PEM: its own certificate first, then those that lead to an authority
 * @param key PEM without a password: its private key
 */
public record Identity(Path certificate, Path key) {}
