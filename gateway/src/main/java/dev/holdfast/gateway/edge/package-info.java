/** What happens to a connection before a protocol takes it: who the client is, what it speaks. */
@NullMarked
package dev.holdfast.gateway.edge;

import org.jspecify.annotations.NullMarked;
