/** {@code holdfast call} and {@code holdfast ls-methods}. */
@NullMarked
package dev.holdfast.cli.call;

import org.jspecify.annotations.NullMarked;
