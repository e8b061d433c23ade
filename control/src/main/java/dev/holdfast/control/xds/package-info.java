/**
 * What each stream of an xDS client is owed: resources, the set of all of them at one moment, and
 * the subscriptions of one stream. Pure: no gRPC, no thread, no clock.
 */
@NullMarked
package dev.holdfast.control.xds;

import org.jspecify.annotations.NullMarked;
