/** A registry read from DNS: A, AAAA and SRV records, refreshed before they mislead. */
@NullMarked
package dev.holdfast.registry.dns;

import org.jspecify.annotations.NullMarked;
