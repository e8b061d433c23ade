@NullMarked
package dev.holdfast.spring.boot.starter.actuator;

import org.jspecify.annotations.NullMarked;
