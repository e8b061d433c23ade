/** The view of a registered server on the other instances of its service. */
@NullMarked
package dev.holdfast.grpc.internal.instances;

import org.jspecify.annotations.NullMarked;
