@NullMarked
package dev.holdfast.spring.boot.starter;

import org.jspecify.annotations.NullMarked;
