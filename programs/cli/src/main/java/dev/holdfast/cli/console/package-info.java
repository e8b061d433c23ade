/**
 * The {@code console} command: one web page for a fleet.
 *
 * <p>{@code ConsoleServer} serves HTTP/1.1 on an event loop; {@code ConsoleFeed} reads the fleet on
 * a thread of its own, once for all browsers that ask the same, and {@code EventStream} carries the
 * answers as server-sent events.
 */
@NullMarked
package dev.holdfast.cli.console;

import org.jspecify.annotations.NullMarked;
