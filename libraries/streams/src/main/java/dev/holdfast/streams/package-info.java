/**
 * Streams that outlive their connections: a session that both applications see as one stream,
 * carried by one physical call after another (an attachment each). docs/duplex-v1.md is its
 * protocol.
 *
 * <p>Here is the pure core: no gRPC, no thread, no clock. How a shell drives it:
 *
 * <ol>
 *   <li>One owner at a time: all calls of one session under a lock or on an executor of its own.
 *   <li>After each input, poll {@link dev.holdfast.streams.session.StreamSession#poll} until it is
 *       null and do the outputs in order (collect under the lock, act after it); then set one timer
 *       to {@link dev.holdfast.streams.session.StreamSession#nextDeadlineNanos} and call {@code
 *       onTimeout} there.
 *   <li>A client makes a {@link dev.holdfast.streams.session.ClientSession} per call of the
 *       application and {@code start}s it. Each {@code Open} is a physical call with the hello as
 *       metadata {@link dev.holdfast.streams.internal.Handshake#KEY}. Response headers with that
 *       key are {@code onWelcome}, without it {@code onPlain}; trailers with it are {@code
 *       onRefused}, any other end is {@code onClosed}.
 *   <li>A server keeps one {@link dev.holdfast.streams.session.SessionTable}. A call without a
 *       hello runs as plain gRPC; with one it goes to {@code onHello}, and the outputs of the
 *       session that it is admitted to say the rest. A session that {@code isOver} is retired.
 *   <li>Each message that comes is given to {@code onFrame} with the header in front of it, if
 *       there is one with the attachment's tag. A server asks its physical call for messages only
 *       after {@code Accept}; from then on both sides ask freely: flow control of the application
 *       is {@code request}, and goes to the peer as credit.
 *   <li>{@code onWritable} follows the physical call's isReady, so that no more than its buffer
 *       waits outside of the session.
 * </ol>
 *
 * <p>{@link dev.holdfast.streams.SessionState} has the states, {@link
 * dev.holdfast.streams.session.StreamSession} what both sides have in common, {@link
 * dev.holdfast.streams.session.SendBuffer} and {@link dev.holdfast.streams.session.ReceiveBuffer}
 * the positions.
 */
@NullMarked
package dev.holdfast.streams;

import org.jspecify.annotations.NullMarked;
