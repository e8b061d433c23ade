package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LoopMemory;

/** The objects that all connections of one event loop share. */
record Shared(FlushList flushes, GatewayMeters meters, LoopMemory memory) {}
