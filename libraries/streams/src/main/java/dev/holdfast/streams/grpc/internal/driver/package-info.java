/** Shells around the pure sessions: timers, physical calls, retries and attachments. */
@NullMarked
package dev.holdfast.streams.grpc.internal.driver;

import org.jspecify.annotations.NullMarked;
