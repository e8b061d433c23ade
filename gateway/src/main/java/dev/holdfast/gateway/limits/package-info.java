/** What clients and upstreams may cost, and how often they met a limit. */
@NullMarked
package dev.holdfast.gateway.limits;

import org.jspecify.annotations.NullMarked;
