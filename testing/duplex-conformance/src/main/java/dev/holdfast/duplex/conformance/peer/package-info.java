/** Reference peers that write the duplex protocol frame by frame on plain gRPC calls of bytes. */
@NullMarked
package dev.holdfast.duplex.conformance.peer;

import org.jspecify.annotations.NullMarked;
