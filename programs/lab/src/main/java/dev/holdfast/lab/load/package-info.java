/** The parts of load generators that know no protocol: pacing, and the stalls of the process. */
@NullMarked
package dev.holdfast.lab.load;

import org.jspecify.annotations.NullMarked;
