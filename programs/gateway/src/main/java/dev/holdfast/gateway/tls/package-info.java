/**
 * TLS on both sides of the gateway: certificate and key files that are reloaded, and the contexts
 * of handshakes.
 */
@NullMarked
package dev.holdfast.gateway.tls;

import org.jspecify.annotations.NullMarked;
