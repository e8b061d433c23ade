/** The faces of services for clients that don't speak gRPC: HTTP/JSON, gRPC-Web and Connect. */
@NullMarked
package dev.holdfast.gateway.json;

import org.jspecify.annotations.NullMarked;
