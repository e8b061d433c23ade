/** HTTP frontends of a Java gRPC server, in its own process. */
@NullMarked
package dev.holdfast.inprocess;

import org.jspecify.annotations.NullMarked;
