/** YAML files read with the line of every mistake, and edited without touching the rest. */
@NullMarked
package dev.holdfast.yaml;

import org.jspecify.annotations.NullMarked;
