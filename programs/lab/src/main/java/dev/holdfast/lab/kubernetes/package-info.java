/**
 * A Kubernetes API server for tests: what a client of EndpointSlices and Services meets, on real
 * sockets, and the bad days of it.
 */
@NullMarked
package dev.holdfast.lab.kubernetes;

import org.jspecify.annotations.NullMarked;
