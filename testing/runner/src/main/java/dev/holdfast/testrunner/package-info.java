/**
 * The program with which {@code ./verify} runs the tests of all rooms, one JVM per room and JDK.
 */
@NullMarked
package dev.holdfast.testrunner;

import org.jspecify.annotations.NullMarked;
