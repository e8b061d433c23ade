/** Frontends: requests that are not gRPC, dispatched to the codec of their protocol. */
@NullMarked
package dev.holdfast.gateway.frontend;

import org.jspecify.annotations.NullMarked;
