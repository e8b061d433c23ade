/**
 * The pure sessions of resumable streams: positions, acknowledgements, flow control and resumption.
 */
@NullMarked
package dev.holdfast.streams.session;

import org.jspecify.annotations.NullMarked;
