/** {@code holdfast call}, {@code holdfast ls-methods} and {@code holdfast openapi}. */
@NullMarked
package dev.holdfast.cli.call;

import org.jspecify.annotations.NullMarked;
