/** Connections to endpoints: dialing, TLS handshake, cancels and the meters of gRFC A94. */
@NullMarked
package dev.holdfast.gateway.upstream;

import org.jspecify.annotations.NullMarked;
