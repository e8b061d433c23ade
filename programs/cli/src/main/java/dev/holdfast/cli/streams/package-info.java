/** {@code holdfast streams}: the sessions of a server. */
@NullMarked
package dev.holdfast.cli.streams;

import org.jspecify.annotations.NullMarked;
