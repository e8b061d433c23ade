/** A registry read from the EndpointSlices of Kubernetes. */
@NullMarked
package dev.holdfast.registry.kubernetes;

import org.jspecify.annotations.NullMarked;
