/**
 * The test kit that other rooms use: a store in memory, and the contract that every store keeps.
 */
@NullMarked
package dev.holdfast.streams.testkit;

import org.jspecify.annotations.NullMarked;
