/** The demo of calls: instances that come, go and fail while clients call. */
@NullMarked
package dev.holdfast.cli.demo.calls;

import org.jspecify.annotations.NullMarked;
