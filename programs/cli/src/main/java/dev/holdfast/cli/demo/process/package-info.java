/** Child processes of the demos. */
@NullMarked
package dev.holdfast.cli.demo.process;

import org.jspecify.annotations.NullMarked;
