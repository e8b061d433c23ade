/** A Spring Boot application that calls a gRPC service. */
@NullMarked
package dev.holdfast.interop.spring.client;

import org.jspecify.annotations.NullMarked;
