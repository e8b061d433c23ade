/** Benchmarks that check the gateway against malformed, hostile and unusual clients. */
@NullMarked
package dev.holdfast.bench.conformance;

import org.jspecify.annotations.NullMarked;
