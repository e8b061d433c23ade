/** {@code holdfast doctor}: what a path does to quiet connections, and what settings it wants. */
@NullMarked
package dev.holdfast.cli.doctor;

import org.jspecify.annotations.NullMarked;
