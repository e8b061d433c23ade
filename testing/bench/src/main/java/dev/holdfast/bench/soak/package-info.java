/** The soak test: streams of each kind and of two languages under minutes of real faults. */
@NullMarked
package dev.holdfast.bench.soak;

import org.jspecify.annotations.NullMarked;
