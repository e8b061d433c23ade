/**
 * The program that runs the five-minute pages of docs/guide as they are written, each in a fresh
 * folder.
 */
@NullMarked
package dev.holdfast.testrunner.guide;

import org.jspecify.annotations.NullMarked;
