/** The benchmark of streams under a rolling restart of all their servers. */
@NullMarked
package dev.holdfast.bench.deploy;

import org.jspecify.annotations.NullMarked;
