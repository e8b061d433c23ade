/** The channels and servers of grpc-java that follow a registry. */
@NullMarked
package dev.holdfast.grpc;

import org.jspecify.annotations.NullMarked;
