/** TLS on both sides of the gateway: files of keys that are followed, and what handshakes use. */
@NullMarked
package dev.holdfast.gateway.tls;

import org.jspecify.annotations.NullMarked;
