/** Spring Boot applications with the starter and without it, under the same faults. */
@NullMarked
package dev.holdfast.bench.spring;

import org.jspecify.annotations.NullMarked;
