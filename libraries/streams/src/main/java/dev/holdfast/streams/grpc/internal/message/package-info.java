/** Messages of applications on their way into and out of frames. */
@NullMarked
package dev.holdfast.streams.grpc.internal.message;

import org.jspecify.annotations.NullMarked;
