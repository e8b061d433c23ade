/**
 * Service discovery of Stork that follows a registry, and a load balancer that knows the weights in
 * it. Applications on Quarkus set both by {@code quarkus.stork.SERVICE.*}.
 */
@NullMarked
package dev.holdfast.stork;

import org.jspecify.annotations.NullMarked;
