/** The {@code holdfast} program: its commands, their options, settings and exit codes. */
@NullMarked
package dev.holdfast.cli;

import org.jspecify.annotations.NullMarked;
