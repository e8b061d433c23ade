/** Clients that attack a proxy, and the program that runs them. */
@NullMarked
package dev.holdfast.bench.attacks;

import org.jspecify.annotations.NullMarked;
