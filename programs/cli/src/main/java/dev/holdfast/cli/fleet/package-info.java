/**
 * A fleet as its registry and the admin services of its processes show it: {@code top} and {@code
 * console} read it here.
 */
@NullMarked
package dev.holdfast.cli.fleet;

import org.jspecify.annotations.NullMarked;
