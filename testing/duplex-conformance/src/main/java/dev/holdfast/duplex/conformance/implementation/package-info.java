/** The implementation under test: a child process that speaks JSON lines. */
@NullMarked
package dev.holdfast.duplex.conformance.implementation;

import org.jspecify.annotations.NullMarked;
