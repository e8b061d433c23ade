/** The benchmark program: options, alternations, bounds and the RESULT line. */
@NullMarked
package dev.holdfast.bench.run;

import org.jspecify.annotations.NullMarked;
