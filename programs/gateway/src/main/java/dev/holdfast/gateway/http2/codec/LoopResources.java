package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LoopMemory;

/** The objects that all connections of one event loop share. */
public record LoopResources(FlushList flushes, GatewayMeters meters, LoopMemory memory) {}
