/** Status codes of gRPC and HTTP, and the mapping between them. */
@NullMarked
package dev.holdfast.transcoding.status;

import org.jspecify.annotations.NullMarked;
