/** Channels for {@code spring.grpc.client}, made by Holdfast's channel builder. */
@NullMarked
package dev.holdfast.spring.boot.starter.client;

import org.jspecify.annotations.NullMarked;
