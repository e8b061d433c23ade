/** Which route a request takes: pure, without Netty. */
@NullMarked
package dev.holdfast.gateway.route;

import org.jspecify.annotations.NullMarked;
