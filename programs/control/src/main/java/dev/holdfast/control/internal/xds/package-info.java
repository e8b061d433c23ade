/**
 * The xDS protocol core: snapshots of all resources, and the subscriptions of one stream. Pure: no
 * gRPC, no thread, no clock.
 */
@NullMarked
package dev.holdfast.control.internal.xds;

import org.jspecify.annotations.NullMarked;
