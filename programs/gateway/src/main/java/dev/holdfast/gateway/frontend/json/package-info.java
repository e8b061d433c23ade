/** The frontend codec of HTTP/JSON transcoding. */
@NullMarked
package dev.holdfast.gateway.frontend.json;

import org.jspecify.annotations.NullMarked;
