/**
 * Listening sockets and connection setup: limits, protocol detection, the PROXY protocol and TLS.
 */
@NullMarked
package dev.holdfast.gateway.listener;

import org.jspecify.annotations.NullMarked;
