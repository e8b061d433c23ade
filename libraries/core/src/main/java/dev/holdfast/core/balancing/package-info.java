/** Load-balancing rules that channels and the gateway share. */
@NullMarked
package dev.holdfast.core.balancing;

import org.jspecify.annotations.NullMarked;
