/** OpenAPI documents of the services behind transcoders. */
@NullMarked
package dev.holdfast.transcoding.http.openapi;

import org.jspecify.annotations.NullMarked;
