/** The differences between the versions of grpc-java that Holdfast works with. */
@NullMarked
package dev.holdfast.grpc.internal.version;

import org.jspecify.annotations.NullMarked;
