/** The commands that mark endpoints as draining, and take the mark back. */
@NullMarked
package dev.holdfast.cli.drain;

import org.jspecify.annotations.NullMarked;
