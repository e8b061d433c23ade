package dev.holdfast.gateway.config;

import java.net.InetSocketAddress;

/**
 * Where clients are served.
 *
 * @param address to listen at; port 0 takes a free one
 */
public record ListenerConfig(InetSocketAddress address) {}
