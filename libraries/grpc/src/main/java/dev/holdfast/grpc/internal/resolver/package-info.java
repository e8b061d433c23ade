/** The name resolver that follows a registry, and the lookup of host names. */
@NullMarked
package dev.holdfast.grpc.internal.resolver;

import org.jspecify.annotations.NullMarked;
