/** The frontend codec of WebSocket connections. */
@NullMarked
package dev.holdfast.gateway.frontend.websocket;

import org.jspecify.annotations.NullMarked;
