/** The pure decisions about streams that move to another instance while theirs goes on. */
@NullMarked
package dev.holdfast.streams.internal.rebalance;

import org.jspecify.annotations.NullMarked;
