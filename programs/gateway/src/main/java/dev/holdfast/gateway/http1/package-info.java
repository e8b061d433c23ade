/** HTTP/1.1 beside HTTP/2 on the same port. */
@NullMarked
package dev.holdfast.gateway.http1;

import org.jspecify.annotations.NullMarked;
