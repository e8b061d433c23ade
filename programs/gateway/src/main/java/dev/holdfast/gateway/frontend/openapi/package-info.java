/** The OpenAPI document and its page. */
@NullMarked
package dev.holdfast.gateway.frontend.openapi;

import org.jspecify.annotations.NullMarked;
