/** The output formats of results: texts and tables for people, JSON for programs. */
@NullMarked
package dev.holdfast.cli.output;

import org.jspecify.annotations.NullMarked;
