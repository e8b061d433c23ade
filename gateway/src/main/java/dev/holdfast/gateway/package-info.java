/** The gateway: any client in front, discovered gRPC services behind, every call balanced. */
@NullMarked
package dev.holdfast.gateway;

import org.jspecify.annotations.NullMarked;
