/** The lab matrix: every kind of path against six pairs of client and server. */
@NullMarked
package dev.holdfast.matrix;

import org.jspecify.annotations.NullMarked;
