/**
 * The diagnosis of network paths: how a path treats idle connections and streams, measured and
 * explained, with the settings that remedy it.
 *
 * <p>The package speaks HTTP/2 on Netty itself and uses no gRPC client, so that it measures the
 * path and not a client's behavior.
 */
@NullMarked
package dev.holdfast.doctor;

import org.jspecify.annotations.NullMarked;
