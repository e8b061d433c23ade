/**
 * The bytes of the duplex protocol: the header before a message, the values of the handshake and
 * the token. docs/duplex-v1.md says the same for people who write it in another language.
 *
 * <p>Everything that is parsed here comes from a peer: limits are strict, nonsense is refused with
 * a {@link dev.holdfast.streams.wire.WireException} and nothing else, and costs no more than
 * looking at it.
 */
@NullMarked
package dev.holdfast.streams.wire;

import org.jspecify.annotations.NullMarked;
