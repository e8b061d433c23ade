/** Which pages may call from browsers. */
@NullMarked
package dev.holdfast.gateway.cors;

import org.jspecify.annotations.NullMarked;
