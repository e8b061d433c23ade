/** The HTTP/JSON face of a Java service, in its own process. */
@NullMarked
package dev.holdfast.inprocess;

import org.jspecify.annotations.NullMarked;
