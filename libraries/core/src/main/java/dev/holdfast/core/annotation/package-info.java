/** Annotations that mark limits and pure state machines. */
@NullMarked
package dev.holdfast.core.annotation;

import org.jspecify.annotations.NullMarked;
