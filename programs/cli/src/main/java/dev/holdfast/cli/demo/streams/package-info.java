/** The demo of resumable streams: devices behind a bad network. */
@NullMarked
package dev.holdfast.cli.demo.streams;

import org.jspecify.annotations.NullMarked;
