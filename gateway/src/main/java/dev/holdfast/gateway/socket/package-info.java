/**
 * The event loops' look at their sockets, and ways past Netty's pipeline for those that are plain.
 */
@NullMarked
package dev.holdfast.gateway.socket;

import org.jspecify.annotations.NullMarked;
