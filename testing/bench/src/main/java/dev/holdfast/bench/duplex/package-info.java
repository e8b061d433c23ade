/** The duplex protocol's conformance kit, run against the libraries. */
@NullMarked
package dev.holdfast.bench.duplex;

import org.jspecify.annotations.NullMarked;
