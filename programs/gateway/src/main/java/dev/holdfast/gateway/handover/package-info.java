/** Listening sockets that pass to a newer process, so that no connection is refused meanwhile. */
@NullMarked
package dev.holdfast.gateway.handover;

import org.jspecify.annotations.NullMarked;
