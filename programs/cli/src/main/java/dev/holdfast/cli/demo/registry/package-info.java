/** The registries that a demo starts. */
@NullMarked
package dev.holdfast.cli.demo.registry;

import org.jspecify.annotations.NullMarked;
