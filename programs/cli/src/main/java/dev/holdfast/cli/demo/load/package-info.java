/** The load of the demos: paced calls and their latencies. */
@NullMarked
package dev.holdfast.cli.demo.load;

import org.jspecify.annotations.NullMarked;
