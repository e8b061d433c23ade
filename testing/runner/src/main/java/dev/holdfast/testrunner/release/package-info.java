/**
 * Checks of a release before it is published: its files, its poms and the class paths of programs
 * that embed it.
 */
@NullMarked
package dev.holdfast.testrunner.release;

import org.jspecify.annotations.NullMarked;
