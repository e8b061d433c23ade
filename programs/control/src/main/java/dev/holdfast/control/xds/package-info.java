/**
 * The xDS protocol core: resources, snapshots of all of them, and the subscriptions of one stream.
 * Pure: no gRPC, no thread, no clock.
 */
@NullMarked
package dev.holdfast.control.xds;

import org.jspecify.annotations.NullMarked;
