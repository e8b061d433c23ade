/** The load-balancing policy: a schedule of endpoints and its picker. */
@NullMarked
package dev.holdfast.grpc.internal.balancer;

import org.jspecify.annotations.NullMarked;
