/** Load generators: paced and saturated calls, and the latencies that they record. */
@NullMarked
package dev.holdfast.bench.load;

import org.jspecify.annotations.NullMarked;
