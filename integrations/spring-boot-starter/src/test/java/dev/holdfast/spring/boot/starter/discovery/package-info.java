@NullMarked
package dev.holdfast.spring.boot.starter.discovery;

import org.jspecify.annotations.NullMarked;
