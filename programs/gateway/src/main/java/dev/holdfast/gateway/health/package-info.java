/** Active health checks of endpoints by grpc.health.v1. */
@NullMarked
package dev.holdfast.gateway.health;

import org.jspecify.annotations.NullMarked;
