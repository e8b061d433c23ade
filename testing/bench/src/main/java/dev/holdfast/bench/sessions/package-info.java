/** Benchmarks of resumable sessions: reconnection storms, floods and durable stores. */
@NullMarked
package dev.holdfast.bench.sessions;

import org.jspecify.annotations.NullMarked;
