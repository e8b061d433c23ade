/** {@code holdfast gateway} and what belongs to it. */
@NullMarked
package dev.holdfast.cli.gateway;

import org.jspecify.annotations.NullMarked;
