/** The threads and sockets of all connections of a process. */
@NullMarked
package dev.holdfast.grpc.internal.transport;

import org.jspecify.annotations.NullMarked;
