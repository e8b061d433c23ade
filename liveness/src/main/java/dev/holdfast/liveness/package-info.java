/**
 * Liveness that forgives: when a silent connection is probed, suspected and closed.
 *
 * <p>A suspicion is not a verdict: a late answer starts a race against a new connection, and ends
 * nothing. This room knows HTTP/2 on Netty and no gRPC, so that gRPC's clients and servers and the
 * gateway are watched by the same monitor.
 */
@NullMarked
package dev.holdfast.liveness;

import org.jspecify.annotations.NullMarked;
