/** The server for {@code spring.grpc.server}, made by Holdfast's server builder. */
@NullMarked
package dev.holdfast.spring.boot.starter.server;

import org.jspecify.annotations.NullMarked;
