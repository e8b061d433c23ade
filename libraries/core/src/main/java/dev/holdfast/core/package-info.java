/**
 * The vocabulary of Holdfast: services, endpoints, registries, and the policies between them.
 *
 * <p>This room knows no network and no gRPC. What decides is a pure state machine (see {@link
 * dev.holdfast.core.annotation.PureCore}); what touches the world is handed in as {@link
 * dev.holdfast.core.Scheduler}, {@link dev.holdfast.core.Clock} or {@link
 * dev.holdfast.core.Registry}.
 */
@NullMarked
package dev.holdfast.core;

import org.jspecify.annotations.NullMarked;
