/** Server processes on this machine for demos and tests. */
@NullMarked
package dev.holdfast.core.local;

import org.jspecify.annotations.NullMarked;
