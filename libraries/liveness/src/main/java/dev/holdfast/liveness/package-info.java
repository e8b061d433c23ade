/**
 * The liveness of HTTP/2 connections on Netty: when a silent connection is probed, suspected and
 * closed.
 *
 * <p>A suspicion never closes a connection: a late answer starts a race against a new connection.
 * This module does not know gRPC, so that the same monitor watches gRPC clients and servers and the
 * gateway.
 */
@NullMarked
package dev.holdfast.liveness;

import org.jspecify.annotations.NullMarked;
