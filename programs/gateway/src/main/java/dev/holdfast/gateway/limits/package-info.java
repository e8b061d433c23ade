/** Limits of clients and upstreams, buffer memory, and the meters of both. */
@NullMarked
package dev.holdfast.gateway.limits;

import org.jspecify.annotations.NullMarked;
