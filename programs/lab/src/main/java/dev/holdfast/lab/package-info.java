/** The test kit of the other rooms: middleboxes with fault schedules, relays and name servers. */
@NullMarked
package dev.holdfast.lab;

import org.jspecify.annotations.NullMarked;
