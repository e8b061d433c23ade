/**
 * The test kit that other rooms use as core's test-jar: virtual time, a registry in memory with
 * fault switches, and the contract that every registry passes.
 */
@NullMarked
package dev.holdfast.core.testkit;

import org.jspecify.annotations.NullMarked;
