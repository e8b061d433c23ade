/**
 * The simulation of resumable streams: clients, server instances, a store and a faulty network in
 * virtual time, driven by a seed. Every guarantee is checked after every step.
 *
 * <p>Main code of its module and not test code, because {@code bench/run streams-sim} runs it too
 * and is built without test classes.
 */
@NullMarked
package dev.holdfast.simulation.streams;

import org.jspecify.annotations.NullMarked;
