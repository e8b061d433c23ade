/** A DNS server with scheduled faults. */
@NullMarked
package dev.holdfast.lab.dns;

import org.jspecify.annotations.NullMarked;
