/** Benchmarks of JSON transcoding. */
@NullMarked
package dev.holdfast.bench.transcoding;

import org.jspecify.annotations.NullMarked;
