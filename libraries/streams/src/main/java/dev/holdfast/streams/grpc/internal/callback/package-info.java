/** Callbacks of applications, which run on executors and never on event threads. */
@NullMarked
package dev.holdfast.streams.grpc.internal.callback;

import org.jspecify.annotations.NullMarked;
