/** Benchmarks of the xDS control plane. */
@NullMarked
package dev.holdfast.bench.xds;

import org.jspecify.annotations.NullMarked;
