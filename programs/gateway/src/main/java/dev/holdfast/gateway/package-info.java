/**
 * The gateway: accepts HTTP/2 and HTTP/1.1 clients, and balances each call over discovered gRPC
 * services.
 */
@NullMarked
package dev.holdfast.gateway;

import org.jspecify.annotations.NullMarked;
