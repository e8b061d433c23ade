/** A Redis of one's own on this machine, for demos and tests. */
@NullMarked
package dev.holdfast.streams.redis.local;

import org.jspecify.annotations.NullMarked;
