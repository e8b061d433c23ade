/**
 * A decoder of header blocks (HPACK, RFC 7541) that validates their fields (RFC 9113, 8.2), and an
 * encoder.
 */
@NullMarked
package dev.holdfast.gateway.http2.hpack;

import org.jspecify.annotations.NullMarked;
