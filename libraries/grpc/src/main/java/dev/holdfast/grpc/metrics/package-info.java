/** gRPC's own metrics in a Micrometer registry, under the names of gRFC A66, A80, A94 and A96. */
@NullMarked
package dev.holdfast.grpc.metrics;

import org.jspecify.annotations.NullMarked;
