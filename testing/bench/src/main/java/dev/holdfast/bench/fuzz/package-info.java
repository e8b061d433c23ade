/** Seeded generators of hostile and random byte streams, for clients and upstreams of a gateway. */
@NullMarked
package dev.holdfast.bench.fuzz;

import org.jspecify.annotations.NullMarked;
