/** The keepalive linter: settings that peers or middleboxes do not tolerate. */
@NullMarked
package dev.holdfast.liveness.lint;

import org.jspecify.annotations.NullMarked;
