/** Streams that outlive connections: the simulation of their session. */
@NullMarked
package dev.holdfast.bench.streams;

import org.jspecify.annotations.NullMarked;
