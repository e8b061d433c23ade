/** Benchmarks of silent, idle and dead connections. */
@NullMarked
package dev.holdfast.bench.liveness;

import org.jspecify.annotations.NullMarked;
