/** Resources of xDS as values, and the interface that builds them for a service. Pure. */
@NullMarked
package dev.holdfast.control.xds;

import org.jspecify.annotations.NullMarked;
