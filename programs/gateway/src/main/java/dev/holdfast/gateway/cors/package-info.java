/** CORS policies: the origins whose pages may call services from browsers. */
@NullMarked
package dev.holdfast.gateway.cors;

import org.jspecify.annotations.NullMarked;
