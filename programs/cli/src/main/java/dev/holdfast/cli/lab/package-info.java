/** {@code holdfast lab}: paths with faults, to try programs on. */
@NullMarked
package dev.holdfast.cli.lab;

import org.jspecify.annotations.NullMarked;
