@NullMarked
package dev.holdfast.micronaut;

import org.jspecify.annotations.NullMarked;
