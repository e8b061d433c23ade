package dev.holdfast.streams.internal.rebalance;

import org.jspecify.annotations.Nullable;

/**
 * Another instance of the service, as the list shows it.
 *
 * @param id address and run of the process
 * @param weight its share of streams relative to the others; 1 or more
 * @param streams the number of streams that it publishes; null when it publishes none
 * @param overloaded whether it publishes that it has too many
 */
public record InstanceLoad(String id, int weight, @Nullable Long streams, boolean overloaded) {}
