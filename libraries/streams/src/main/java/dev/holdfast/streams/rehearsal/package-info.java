/**
 * The rehearsal of the session: clients, server instances, a store and a bad network in virtual
 * time, played from a seed, with every promise checked after every step. It is here and not among
 * the tests because {@code bench/run streams-sim} plays it too.
 */
@NullMarked
package dev.holdfast.streams.rehearsal;

import org.jspecify.annotations.NullMarked;
