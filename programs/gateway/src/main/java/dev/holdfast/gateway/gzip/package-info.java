/** Compression of messages and bodies with gzip (RFC 1952), within bounds. */
@NullMarked
package dev.holdfast.gateway.gzip;

import org.jspecify.annotations.NullMarked;
