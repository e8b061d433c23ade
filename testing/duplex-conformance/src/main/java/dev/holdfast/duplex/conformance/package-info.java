/** The conformance kit of the duplex protocol: its scenarios, and what runs them. */
@NullMarked
package dev.holdfast.duplex.conformance;

import org.jspecify.annotations.NullMarked;
