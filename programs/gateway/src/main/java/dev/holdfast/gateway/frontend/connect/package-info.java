/** The frontend codec of the Connect protocol. */
@NullMarked
package dev.holdfast.gateway.frontend.connect;

import org.jspecify.annotations.NullMarked;
