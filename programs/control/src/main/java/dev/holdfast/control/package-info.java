/**
 * The xDS server: gRPC clients in every language, and any Envoy, follow the services of a registry
 * with no code.
 *
 * <p>{@link dev.holdfast.control.xds} is the pure part: what a stream is owed. {@link
 * dev.holdfast.control.resources} makes the resources of a service from its endpoints and the
 * policy.
 */
@NullMarked
package dev.holdfast.control;

import org.jspecify.annotations.NullMarked;
