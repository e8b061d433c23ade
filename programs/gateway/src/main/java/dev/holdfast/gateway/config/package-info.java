/** The gateway's file: read whole with every mistake, followed, and brought to life. */
@NullMarked
package dev.holdfast.gateway.config;

import org.jspecify.annotations.NullMarked;
