/** The log of calls: one line of JSON for each, written aside. */
@NullMarked
package dev.holdfast.gateway.access;

import org.jspecify.annotations.NullMarked;
