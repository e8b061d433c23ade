/**
 * Call statistics, counted as calls go on: the numbers behind /metrics, the admin page and the log.
 */
@NullMarked
package dev.holdfast.gateway.traffic;

import org.jspecify.annotations.NullMarked;
