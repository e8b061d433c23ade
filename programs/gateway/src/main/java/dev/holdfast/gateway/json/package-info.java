/** Frontends of services for clients without gRPC: HTTP/JSON, gRPC-Web, Connect and WebSocket. */
@NullMarked
package dev.holdfast.gateway.json;

import org.jspecify.annotations.NullMarked;
