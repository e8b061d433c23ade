/** Completion scripts of shells, made from the commands' model. */
@NullMarked
package dev.holdfast.cli.completion;

import org.jspecify.annotations.NullMarked;
