/**
 * The encoding of the duplex protocol, written from {@code docs/duplex-v1.md} alone. Shares no code
 * with the libraries, so that one mistake is not made on both sides.
 */
@NullMarked
package dev.holdfast.duplex.conformance.wire;

import org.jspecify.annotations.NullMarked;
