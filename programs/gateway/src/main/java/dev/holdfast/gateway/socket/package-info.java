/** Extensions of Netty's epoll event loops, with fast paths past the pipeline for plain sockets. */
@NullMarked
package dev.holdfast.gateway.socket;

import org.jspecify.annotations.NullMarked;
