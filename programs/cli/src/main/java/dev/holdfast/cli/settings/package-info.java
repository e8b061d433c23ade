/** Defaults of the program from the environment and from one YAML file, under the same names. */
@NullMarked
package dev.holdfast.cli.settings;

import org.jspecify.annotations.NullMarked;
