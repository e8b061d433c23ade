/** HTTP/2 forwarding: the frames of a client go to an endpoint, and back. */
@NullMarked
package dev.holdfast.gateway.http2;

import org.jspecify.annotations.NullMarked;
