/** The lab matrix: every kind of path against five pairs of client and server. */
@NullMarked
package dev.holdfast.bench.matrix;

import org.jspecify.annotations.NullMarked;
