/** Names of the meters of channels and servers. */
@NullMarked
package dev.holdfast.grpc.internal.meter;

import org.jspecify.annotations.NullMarked;
