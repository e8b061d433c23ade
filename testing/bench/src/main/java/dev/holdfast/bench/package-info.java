/** The benchmarks. Each ends in one RESULT line and fails when a bound is missed. */
@NullMarked
package dev.holdfast.bench;

import org.jspecify.annotations.NullMarked;
