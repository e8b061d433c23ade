/** Registration of instances: the pure state machine and its shell. */
@NullMarked
package dev.holdfast.core.registration;

import org.jspecify.annotations.NullMarked;
