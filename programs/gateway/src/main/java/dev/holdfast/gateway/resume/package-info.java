/** Streams to clients without gRPC that outlive the connection of their reader. */
@NullMarked
package dev.holdfast.gateway.resume;

import org.jspecify.annotations.NullMarked;
