@NullMarked
package dev.holdfast.spring.boot.starter.server;

import org.jspecify.annotations.NullMarked;
