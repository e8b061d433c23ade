/** The health contributor and the actuator endpoint. */
@NullMarked
package dev.holdfast.spring.boot.starter.actuator;

import org.jspecify.annotations.NullMarked;
