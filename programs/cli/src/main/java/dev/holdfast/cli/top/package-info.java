/** The {@code top} command: the services, connections and streams of a fleet in a terminal. */
@NullMarked
package dev.holdfast.cli.top;

import org.jspecify.annotations.NullMarked;
