/** The scenarios of the duplex protocol, each tied to numbered rules of its document. */
@NullMarked
package dev.holdfast.duplex.conformance.scenario;

import org.jspecify.annotations.NullMarked;
