/** Reports of the demos: results, timelines and files. */
@NullMarked
package dev.holdfast.cli.demo.report;

import org.jspecify.annotations.NullMarked;
