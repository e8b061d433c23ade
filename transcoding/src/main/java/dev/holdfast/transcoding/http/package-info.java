/**
 * The HTTP side of a gRPC method: which request means which method, how its path, query and body
 * become one message, how answers, failures and streams are written down.
 *
 * <p>Everything here is bytes in and bytes out; nothing knows a network, a thread or a clock.
 */
@NullMarked
package dev.holdfast.transcoding.http;

import org.jspecify.annotations.NullMarked;
