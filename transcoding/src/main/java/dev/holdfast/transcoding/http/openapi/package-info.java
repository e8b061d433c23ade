/** What a transcoder serves, as an OpenAPI document. */
@NullMarked
package dev.holdfast.transcoding.http.openapi;

import org.jspecify.annotations.NullMarked;
