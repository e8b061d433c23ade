/** The native path: HTTP/2 frames of a client are forwarded to an endpoint, and back. */
@NullMarked
package dev.holdfast.gateway.http2;

import org.jspecify.annotations.NullMarked;
