/**
 * The simulation of keepalive: a connection over a faulty network in virtual time, driven by a
 * seed, with Holdfast's monitor or with gRPC's stock keepalive.
 *
 * <p>The package is that of the module liveness. The simulation reaches the monitor's
 * package-private types, so that the product jar needs no public type for a simulation. Both jars
 * fit in one class path; a module path refuses the second one, and none needs it.
 */
@NullMarked
package dev.holdfast.liveness;

import org.jspecify.annotations.NullMarked;
