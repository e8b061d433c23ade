/**
 * The binding of sessions to grpc-java: an interceptor for channels, a rewriting of services, and
 * the shells that drive the pure core.
 *
 * <p>{@link dev.holdfast.streams.grpc.Holdfast} is where to begin. A session has a {@link
 * dev.holdfast.streams.grpc.internal.driver.SessionDriver}: inputs are decided under its lock,
 * outputs are acted on by one thread at a time outside of it, and the application is called from a
 * {@link dev.holdfast.streams.grpc.internal.callback.CallbackQueue}, so that it may take as long as
 * it wants.
 */
@NullMarked
package dev.holdfast.streams.grpc;

import org.jspecify.annotations.NullMarked;
