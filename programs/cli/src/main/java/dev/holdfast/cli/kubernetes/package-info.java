/** The {@code kubernetes} commands: what an operator pastes into a cluster. */
@NullMarked
package dev.holdfast.cli.kubernetes;

import org.jspecify.annotations.NullMarked;
