/**
 * The state of one event loop: its client connections, its clusters and the configuration snapshot.
 */
@NullMarked
package dev.holdfast.gateway.loop;

import org.jspecify.annotations.NullMarked;
