/** Benchmark of the gateway's resumable server-sent events: many readers that come back at once. */
@NullMarked
package dev.holdfast.bench.events;

import org.jspecify.annotations.NullMarked;
