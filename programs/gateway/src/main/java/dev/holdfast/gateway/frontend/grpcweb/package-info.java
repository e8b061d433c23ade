/** The frontend codec of gRPC-Web. */
@NullMarked
package dev.holdfast.gateway.frontend.grpcweb;

import org.jspecify.annotations.NullMarked;
