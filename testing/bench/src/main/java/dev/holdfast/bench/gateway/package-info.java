/** Benchmarks of the gateway beside nginx and HAProxy. */
@NullMarked
package dev.holdfast.bench.gateway;

import org.jspecify.annotations.NullMarked;
