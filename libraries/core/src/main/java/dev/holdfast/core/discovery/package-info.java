/** Service discovery: from the snapshots of a registry to the endpoints of a service. */
@NullMarked
package dev.holdfast.core.discovery;

import org.jspecify.annotations.NullMarked;
