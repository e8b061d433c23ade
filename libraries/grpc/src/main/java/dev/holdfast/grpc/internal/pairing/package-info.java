/** Paired subchannels: a second connection beside one that fell silent (RFC 8305). */
@NullMarked
package dev.holdfast.grpc.internal.pairing;

import org.jspecify.annotations.NullMarked;
