@NullMarked
package dev.holdfast.spring.boot.starter.client;

import org.jspecify.annotations.NullMarked;
