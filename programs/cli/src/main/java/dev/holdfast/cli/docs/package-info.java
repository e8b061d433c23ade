/** The parts of the documents under docs/ that are made from code. */
@NullMarked
package dev.holdfast.cli.docs;

import org.jspecify.annotations.NullMarked;
