/** Small programs to copy from. */
@NullMarked
package dev.holdfast.examples;

import org.jspecify.annotations.NullMarked;
