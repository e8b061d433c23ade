/**
 * The upstream half of streams that outlive connections: the gateway as a client of the duplex
 * protocol, towards services that have sessions.
 */
@NullMarked
package dev.holdfast.gateway.duplex;

import org.jspecify.annotations.NullMarked;
