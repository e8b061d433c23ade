/** {@code holdfast control}: a control plane, and what its clients have. */
@NullMarked
package dev.holdfast.cli.control;

import org.jspecify.annotations.NullMarked;
