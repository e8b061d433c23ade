@NullMarked
package dev.holdfast.stork;

import org.jspecify.annotations.NullMarked;
