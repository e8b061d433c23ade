/** Routing: the lookup of a request's route. Pure, without Netty. */
@NullMarked
package dev.holdfast.gateway.route;

import org.jspecify.annotations.NullMarked;
