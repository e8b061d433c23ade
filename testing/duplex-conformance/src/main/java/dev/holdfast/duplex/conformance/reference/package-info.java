/** A reference server of the duplex protocol, written from its document, with roles and faults. */
@NullMarked
package dev.holdfast.duplex.conformance.reference;

import org.jspecify.annotations.NullMarked;
