/** Benchmarks of registries: lists, watches and outages. */
@NullMarked
package dev.holdfast.bench.registry;

import org.jspecify.annotations.NullMarked;
