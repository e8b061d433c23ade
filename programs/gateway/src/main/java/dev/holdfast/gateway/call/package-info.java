/** A single call: routing, attempts, retries, deadlines and local replies. */
@NullMarked
package dev.holdfast.gateway.call;

import org.jspecify.annotations.NullMarked;
