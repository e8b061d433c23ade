/** Benchmarks of channels: calls over grpc-java with and without Holdfast. */
@NullMarked
package dev.holdfast.bench.channel;

import org.jspecify.annotations.NullMarked;
