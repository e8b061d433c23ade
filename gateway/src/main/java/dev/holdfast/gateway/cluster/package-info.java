/** Followed services, the connections to their endpoints, and who gets the next call. */
@NullMarked
package dev.holdfast.gateway.cluster;

import org.jspecify.annotations.NullMarked;
