/** A Spring Boot application with a gRPC service. */
@NullMarked
package dev.holdfast.interop.spring.server;

import org.jspecify.annotations.NullMarked;
