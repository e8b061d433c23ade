/** Child processes of tests and benchmarks, spoken to by lines. */
@NullMarked
package dev.holdfast.lab.process;

import org.jspecify.annotations.NullMarked;
