@NullMarked
package dev.holdfast.spring.boot.starter.metrics;

import org.jspecify.annotations.NullMarked;
