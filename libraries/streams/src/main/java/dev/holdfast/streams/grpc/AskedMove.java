package dev.holdfast.streams.grpc;

import dev.holdfast.streams.internal.rebalance.MoveCause;

/**
 * A move that a stream was asked for.
 *
 * @param nanos the time, monotonic
 */
record AskedMove(MoveCause cause, long nanos) {}
